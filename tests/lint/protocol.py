#!/usr/bin/env python3
"""docs/PROTOCOL.md names every message with exactly the senders of the table in msg.h.

usage: protocol.py ROOT
"""

import re
import sys

import tree

HEADER, DOCUMENT = "include/skein/wire/msg.h", "docs/PROTOCOL.md"
ROLES = {"ROLE_AGENT": "agent", "ROLE_COORDINATOR": "coordinator", "ROLE_ADMIN": "admin", "ROLES_LOOK": "look",
         "ROLES_ACT": "act", "ROLES_EVERYONE": "everyone"}


def check(root):
    rows = re.findall(r"^\s*KIND\(\w+, (\w+), (\w+)\)", tree.read(root, HEADER), re.MULTILINE)
    code = {name: ROLES.get(senders, senders) for name, senders in rows}
    table = dict(re.findall(r"^\| `(\w+)` \| (\w+) \|", tree.read(root, DOCUMENT), re.MULTILINE))
    if not code:
        return [f"{HEADER}: no rows KIND(NAME, member, senders) found"]
    findings = [f"{DOCUMENT}: lacks `{name}`" for name in code if name not in table]
    findings += [f"{DOCUMENT}: `{name}` is no message" for name in table if name not in code and table[name] in ROLES.values()]
    findings += [
        f"{DOCUMENT}: `{name}` is sent by {code[name]}, not {sender}"
        for name, sender in table.items()
        if name in code and code[name] != sender
    ]
    return findings


if __name__ == "__main__":
    tree.verdict(check(sys.argv[1]))
