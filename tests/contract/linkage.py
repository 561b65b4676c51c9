#!/usr/bin/env python3
"""Which shared libraries the programs name, and in which order.

usage: linkage.py FOLDER-OF-PROGRAMS

libpg_query exports an older copy of protobuf-c: where both are loaded, libprotobuf-c must come first, so that every
call goes to the copy that the headers were made for. Agents do not load libpg_query at all.
"""

import os
import subprocess
import sys


def needed(program):
    """Names of the libraries in the order in which the loader searches them."""
    text = subprocess.run(["readelf", "-d", "-W", program], check=True, capture_output=True, text=True).stdout
    return [line.split("[")[1].split(".so")[0] for line in text.splitlines() if "(NEEDED)" in line]


def problem(name, libraries):
    if name == "skein-agent":
        return "loads libpg_query" if "libpg_query" in libraries else None
    if "libpg_query" not in libraries or "libprotobuf-c" not in libraries:
        return "does not load both libprotobuf-c and libpg_query: " + " ".join(libraries)
    if libraries.index("libprotobuf-c") > libraries.index("libpg_query"):
        return "loads libpg_query before libprotobuf-c"
    return None


def main():
    bad = 0
    for name in ("skein", "skein-coordinator", "skein-agent"):
        why = problem(name, needed(os.path.join(sys.argv[1], name)))
        if why:
            print(f"{name}: {why}")
            bad += 1
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
