"""What the lint scripts share: the files of a tree, C text without comments and literals, the verdict."""

import os
import re
import sys

SKIPPED_FOLDERS = {"build", "__pycache__"}
PRODUCT = ("agent", "common", "coordinator", "include", "proto")


def files(root, suffixes, folders=None):
    """Paths relative to root, sorted; only below `folders` where given."""
    found = []
    for top in folders or [""]:
        for folder, names, leaves in os.walk(os.path.join(root, top)):
            names[:] = [n for n in names if n not in SKIPPED_FOLDERS and not n.startswith(".")]
            found += [os.path.join(folder, leaf) for leaf in leaves if leaf.endswith(suffixes)]
    return sorted(os.path.relpath(path, root) for path in found)


def read(root, path):
    with open(os.path.join(root, path), encoding="utf-8") as file:
        return file.read()


C_NOISE = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.DOTALL)


def c_code(text):
    """The text with comments blanked and literals emptied; the lines stay where they are."""

    def blank(match):
        lines = "\n" * match.group().count("\n")
        return match.group()[0] * 2 + lines if match.group()[0] in "\"'" else " " + lines

    return C_NOISE.sub(blank, text)


def verdict(findings):
    """Prints the findings and ends the process."""
    for finding in findings:
        print(finding)
    if findings:
        print(f"{len(findings)} finding(s)", file=sys.stderr)
    sys.exit(1 if findings else 0)
