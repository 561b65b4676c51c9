#!/usr/bin/env python3
"""Functions of at most 80 lines and complexity below 20, files of at most 1,000 lines.

usage: size.py ROOT

Relies on the format check: a function's body opens with `{` and closes with `}` in the first column.
What exceeds a limit for a good reason stands in tests/lint/size-allowed.txt: PATH FUNCTION REASON, or
PATH - REASON for a whole file. A line there that nothing needs is a finding too.
"""

import os
import re
import sys

import tree

LINES_MAX, FILE_MAX, COMPLEXITY_MAX = 80, 1000, 19
FOLDERS = ("agent", "common", "coordinator", "include", "tests")
NAME = re.compile(r"(\w+)\s*\(")
BRANCH = re.compile(r"\b(?:if|for|while|case)\b|&&|\|\||\?")


def functions(code):
    """(name, first line, lines, complexity) of each function definition."""
    lines = code.split("\n")
    start = head = None
    for number, line in enumerate(lines):
        if line == "{":
            head = number
            while head > 0 and lines[head - 1].strip() and not lines[head - 1].rstrip().endswith((";", "}")):
                head -= 1
            start = number
        elif line.startswith("}") and start is not None:
            name = NAME.search(" ".join(lines[head:start]))
            if name:
                body = "\n".join(lines[start : number + 1])
                yield name.group(1), head + 1, number - start + 1, 1 + len(BRANCH.findall(body))
            start = None


def excess(path, text):
    """(function or "-", finding) of everything over a limit."""
    count = text.count("\n")
    if count > FILE_MAX:
        yield "-", f"{path}: {count} lines (at most {FILE_MAX})"
    for name, line, lines, complexity in functions(tree.c_code(text)):
        if lines > LINES_MAX:
            yield name, f"{path}:{line}: {name} has {lines} lines (at most {LINES_MAX})"
        if complexity > COMPLEXITY_MAX:
            yield name, f"{path}:{line}: {name} has complexity {complexity} (at most {COMPLEXITY_MAX})"


def allowed(root):
    path = "tests/lint/size-allowed.txt"
    if not os.path.exists(os.path.join(root, path)):
        return {}
    rows = (line.split(None, 2) for line in tree.read(root, path).splitlines())
    return {(row[0], row[1]): row[2] for row in rows if len(row) == 3 and not row[0].startswith("#")}


def check(root):
    allow, used, findings = allowed(root), set(), []
    for path in tree.files(root, (".c", ".h"), FOLDERS):
        for name, finding in excess(path, tree.read(root, path)):
            if (path, name) in allow:
                used.add((path, name))
            else:
                findings.append(finding)
    findings += [f"tests/lint/size-allowed.txt: {p} {n} is within the limits" for p, n in allow if (p, n) not in used]
    return findings


if __name__ == "__main__":
    tree.verdict(check(sys.argv[1]))
