#!/usr/bin/env python3
"""Includes go down or sideways, never up; a foreign library is known to the one file that wraps it.

usage: layers.py ROOT
"""

import re
import sys

import tree

# folder -> rank. An include may lead to the same rank or a lower one. `include/skein/X` counts as the
# folder of common/ with that name.
RANKS = {
    "proto": 0,
    "common/core/base": 10,
    "common/core/sql": 20,
    "common/core/graph": 30,
    "common/core/schema": 30,
    "common/core/plan": 40,
    "common/core/lint": 40,
    "common/core/import": 45,
    "common/core/rollout": 50,
    "common/core/wire": 50,
    "coordinator/core": 55,
    "agent/core": 55,
    "common/io/os": 60,
    "common/io/db": 60,
    "common/io/net": 60,
    "coordinator/io": 80,
    "coordinator/cli": 80,
    "agent/io": 80,
}

# header -> where it may be included, in the product's folders
OWNED = {
    r"(libpq-fe|libpq/.*|postgres_ext|pg_config)\.h": r"common/io/db/db_pg\w*\.[ch]",
    r"sqlite3\.h": r"common/io/db/db_sqlite\w*\.[ch]|common/core/sql/(split|grammar)\w*\.c",
    r"pg_query\.h": r"common/core/sql/\w+\.c",
    r"zmq(_utils)?\.h": r"common/io/net/\w+\.[ch]",
    r"curl/.*": r"coordinator/io/webhook\.c",
    r"microhttpd\.h": r"coordinator/io/http\.c",
    r"(.*/)?[\w-]+\.pb-c\.h|protobuf-c/.*": r"common/core/wire/(codec|shape)\w*\.[ch]",
    r"ini\.h": r"common/io/os/conf\.c",
    r"libsmartcols(/.*)?\.h": r"coordinator/cli/\w+\.c",
}

INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"]+)[>"]', re.MULTILINE)


def folder_of(path):
    """The layer folder that a path belongs to, or None."""
    match = re.match(r"(?:include/)?skein/(\w+)/", path)
    if match:
        name = match.group(1)
        return next((f for f in RANKS if re.fullmatch(rf"common/(core|io)/{name}", f)), None)
    return next((f for f in RANKS if path.startswith(f + "/")), None)


def include_problem(path, here, quote, name):
    for header, allowed in OWNED.items():
        if re.fullmatch(header, name) and not re.fullmatch(allowed, path):
            return f"<{name}> belongs to {allowed}"
    if quote == "<":
        return None
    if re.fullmatch(r"(.*/)?[\w-]+\.pb-c\.h|embed/\w+\.h", name):
        return None
    there = folder_of(name)
    if there is None:
        return f'"{name}": write the full path of a header in one of the layers'
    if here.split("/")[0] == "common" and there.split("/")[0] in ("coordinator", "agent"):
        return f'"{name}": common/ never includes {there.split("/")[0]}/'
    if {here.split("/")[0], there.split("/")[0]} == {"coordinator", "agent"}:
        return f'"{name}": coordinator/ and agent/ never include each other'
    if RANKS[there] > RANKS[here]:
        return f'"{name}": rank {RANKS[there]} ({there}) is above rank {RANKS[here]} ({here})'
    return None


def check(root):
    findings = []
    for path in tree.files(root, (".c", ".h"), tree.PRODUCT):
        here = folder_of(path)
        if here is None:
            findings.append(f"{path}: in none of the layers; see the table in tests/lint/layers.py")
            continue
        text = tree.read(root, path)
        for match in INCLUDE.finditer(text):
            problem = include_problem(path, here, match.group(1), match.group(2))
            if problem:
                line = text.count("\n", 0, match.start()) + 1
                findings.append(f"{path}:{line}: {problem}")
    return findings


if __name__ == "__main__":
    tree.verdict(check(sys.argv[1]))
