#!/usr/bin/env python3
"""House rules: the folders at the top, no scripts among the product's sources, no dangerous calls, no
recursive message, no dead link in the documentation.

usage: house.py ROOT
"""

import os
import re
import sys

import tree

TOP = {"agent", "build", "common", "coordinator", "deploy", "docs", "include", "proto", "tests"}
PRODUCT_SUFFIXES = (".c", ".h", ".sql", ".proto", "CMakeLists.txt")

# call -> what to use
FORBIDDEN = {
    "system": "fork and execve, or no helper at all",
    "popen": "fork and execve, or no helper at all",
    "execl|execlp|execle|execvp|execvpe": "a fixed path and execve",
    "strcpy|strcat|stpcpy|strncpy|strncat": "struct strbuf, or memcpy with a known size",
    "sprintf|vsprintf": "snprintf",
    "gets": "fgets",
    "strtok|strtok_r": "str_next()",
    "atoi|atol|atoll|atof": "str_to_u64()",
    "tmpnam|tempnam|mktemp": "mkstemp",
    "alloca": "an arena",
    "rand|srand|random|srandom|rand_r": "skein/os/random.h",
}


def top_folders(root):
    for name in sorted(os.listdir(root)):
        if os.path.isdir(os.path.join(root, name)) and not name.startswith(".") and name not in TOP:
            yield f"{name}/: not one of the folders at the top ({', '.join(sorted(TOP))})"


def product_files(root):
    for path in tree.files(root, ("",), tree.PRODUCT):
        if not path.endswith(PRODUCT_SUFFIXES):
            yield f"{path}: among the product's sources stand only {', '.join(PRODUCT_SUFFIXES)}"


def calls(root):
    for path in tree.files(root, (".c", ".h"), tree.PRODUCT):
        code = tree.c_code(tree.read(root, path))
        for names, instead in FORBIDDEN.items():
            for match in re.finditer(rf"(?<![\w.>])({names})\s*\(", code):
                line = code.count("\n", 0, match.start()) + 1
                yield f"{path}:{line}: {match.group(1)}() is not used here; use {instead}"


PROTO_TOKEN = re.compile(r"[\w.]+|[{}=;]")
PROTO_SCALARS = set(
    "double float int32 int64 uint32 uint64 sint32 sint64 fixed32 fixed64 sfixed32 sfixed64 bool string bytes".split()
)


def proto_fields(text):
    """message -> the types of its fields, by their last name."""
    tokens = PROTO_TOKEN.findall(re.sub(r"//[^\n]*|/\*.*?\*/", " ", text, flags=re.DOTALL))
    uses, open_blocks = {}, []
    for i, token in enumerate(tokens):
        if token == "{":
            kind, name = tokens[i - 2], tokens[i - 1]
            open_blocks.append(name if kind == "message" else None)
            if kind == "message":
                uses.setdefault(name, set())
        elif token == "}":
            open_blocks.pop()
        elif token == "=" and i >= 2:
            owner = next((b for b in reversed(open_blocks) if b), None)
            if owner and tokens[i - 2] not in PROTO_SCALARS:
                uses[owner].add(tokens[i - 2].split(".")[-1])
    return uses


def proto_cycle(uses):
    """The names along a cycle, or None."""
    done = set()

    def walk(name, path):
        if name in path:
            return path[path.index(name) :] + [name]
        if name in done:
            return None
        done.add(name)
        return next(filter(None, (walk(used, path + [name]) for used in sorted(uses.get(name, ())))), None)

    return next(filter(None, (walk(name, []) for name in sorted(uses))), None)


def recursion(root):
    uses = {}
    for path in tree.files(root, (".proto",)):
        for name, types in proto_fields(tree.read(root, path)).items():
            uses.setdefault(name, set()).update(types)
    cycle = proto_cycle(uses)
    if cycle:
        yield f"proto: a message contains itself ({' -> '.join(cycle)}): a peer could nest it without end"


LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)\s]*)?\)")


def links(root):
    for path in tree.files(root, (".md",)):
        for match in LINK.finditer(tree.read(root, path)):
            target = match.group(1)
            if "://" in target or target.startswith("mailto:"):
                continue
            if not os.path.exists(os.path.join(root, os.path.dirname(path), target)):
                yield f"{path}: links to {target}, which is not there"


def check(root):
    return [f for rule in (top_folders, product_files, calls, recursion, links) for f in rule(root)]


if __name__ == "__main__":
    tree.verdict(check(sys.argv[1]))
