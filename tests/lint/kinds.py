#!/usr/bin/env python3
"""docs/reference/json.md names every kind of error that `skein` can print.

usage: kinds.py ROOT

A kind is the literal after the code in err_kind() and diag_add(); those of daemons' settings are not printed as JSON.
"""

import pathlib
import re
import sys

import tree

DOCUMENTS = ("docs/reference/json.md", "docs/REVISION_FORMAT.md")
FOLDERS = ("common", "coordinator/cli", "coordinator/core")
NOT_PRINTED = ("common/io/os/conf.c",)
KIND = re.compile(r'\b(?:ERR|DIAG)_[A-Z]+,\s*"([a-z_]+)"')


def check(root):
    documents = " ".join(tree.read(root, name) for name in DOCUMENTS)
    documented = set(re.findall(r"`([a-z_]+)`", documents))
    findings = []
    for folder in FOLDERS:
        for path in sorted(pathlib.Path(root, folder).rglob("*.c")):
            name = str(path.relative_to(root))
            if name in NOT_PRINTED:
                continue
            for kind in sorted(set(KIND.findall(path.read_text(encoding="utf-8"))) - documented):
                findings.append(f"{name}: the kind `{kind}` is not in {DOCUMENTS[0]}")
    return findings


if __name__ == "__main__":
    tree.verdict(check(sys.argv[1]))
