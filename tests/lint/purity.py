#!/usr/bin/env python3
"""The pure libraries use nothing that reads a clock, a file, a socket, a thread or a log.

usage: purity.py ROOT LIBRARY.a ...   (plain build: sanitizers and coverage add symbols of their own)

A symbol that a library needs must be defined by another of the libraries given, or match a line of
tests/lint/pure-symbols.txt (a regular expression and a reason).
"""

import re
import subprocess
import sys

import tree


def symbols(library, *options):
    text = subprocess.run(["nm", *options, library], check=True, capture_output=True, text=True).stdout
    return {line.split()[-1] for line in text.splitlines() if line and not line.endswith(":")}


def allowed(root):
    lines = tree.read(root, "tests/lint/pure-symbols.txt").splitlines()
    return re.compile("|".join(line.split()[0] for line in lines if line.strip() and not line.startswith("#")))


def check(root, libraries):
    defined = set().union(*(symbols(library, "--defined-only", "--extern-only") for library in libraries))
    allow = allowed(root)
    return [
        f"{library.rsplit('/', 1)[-1]}: uses {name}, which tests/lint/pure-symbols.txt does not list"
        for library in libraries
        for name in sorted(symbols(library, "--undefined-only") - defined)
        if not allow.fullmatch(name)
    ]


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit("usage: purity.py ROOT LIBRARY.a ...")
    tree.verdict(check(sys.argv[1], sys.argv[2:]))
