#!/usr/bin/env python3
"""Every function has one home: with two of one name in two static libraries the linker takes either, without a word.

usage: symbols.py BUILD
"""

import pathlib
import subprocess
import sys

import tree


def defined(library):
    lines = subprocess.run(["nm", "--defined-only", "--extern-only", library], check=True, capture_output=True, text=True).stdout
    return {line.split()[2] for line in lines.splitlines() if len(line.split()) == 3}


def check(build):
    homes = {}
    for library in sorted(pathlib.Path(build).rglob("*.a")):
        for name in defined(library):
            homes.setdefault(name, []).append(library.name)
    return [f"{name}: in {' and in '.join(places)}" for name, places in sorted(homes.items()) if len(places) > 1]


if __name__ == "__main__":
    tree.verdict(check(sys.argv[1]))
