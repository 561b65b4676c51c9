#!/usr/bin/env python3
"""Checks that need a compiler's front end, on as many processors as there are. Clean files are remembered
in the build folder by the contents of the file and of all it includes, so that a second run is quick.

usage: compile.py ROOT BUILD headers|format|tidy|cppcheck
"""

import concurrent.futures
import hashlib
import json
import os
import re
import subprocess
import sys

import tree

INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*"([^"]+)"', re.MULTILINE)
FOLDERS = ("agent", "common", "coordinator", "include", "tests")


def flags(build):
    """Include folders and definitions that any file of the build is compiled with."""
    found = {}
    with open(os.path.join(build, "compile_commands.json"), encoding="utf-8") as file:
        for entry in json.load(file):
            for flag in re.findall(r"-(?:I|isystem )\S+", entry["command"]):
                found[flag] = None
    return ["-std=gnu17", "-D_GNU_SOURCE", '-DSKEIN_VERSION="0"', '-DSKEIN_SOURCE_DIR="."', '-DSKEIN_BINARY_DIR="."',
            '-DSKEIN_SHARED_DIR="."', '-DSKEIN_PG_FOLDER="."', *(part for flag in found for part in flag.split())]


def headers(root, build):
    command = ["gcc", *flags(build), "-Wall", "-Wextra", "-Werror", "-Wno-unused", "-fsyntax-only", "-x", "c"]
    return tree.files(root, (".h",), FOLDERS), lambda path: [*command, "-include", path, os.devnull]


def formatting(root, _build):
    return tree.files(root, (".c", ".h"), FOLDERS), lambda path: ["clang-format", "--dry-run", "-Werror", path]


def tidy(root, build):
    return tree.files(root, (".c",), FOLDERS), lambda path: ["clang-tidy", "--quiet", path, "--", *flags(build)]


def cppcheck(root, _build):
    command = ["cppcheck", "--quiet", "--enable=warning,performance,portability", "--inline-suppr", "--error-exitcode=1",
               "--std=c11", "-I", "include", "-I", ".", "--library=posix,gnu",
               "--suppressions-list=tests/lint/cppcheck-suppressions.txt"]
    return tree.files(root, (".c",), tree.PRODUCT), lambda path: [*command, path]


CHECKS = {"headers": headers, "format": formatting, "tidy": tidy, "cppcheck": cppcheck}
SETTINGS = (".clang-format", ".clang-tidy", "tests/lint/compile.py", "tests/lint/cppcheck-suppressions.txt")


class Contents:
    """Digests of files together with everything they include from the project."""

    def __init__(self, root):
        self.root, self.known = root, {}
        self.settings = "".join(tree.read(root, s) for s in SETTINGS if os.path.exists(os.path.join(root, s)))

    def closure(self, path, seen):
        for folder in ("", "include"):
            full = os.path.normpath(os.path.join(folder, path))
            if os.path.isfile(os.path.join(self.root, full)):
                break
        else:
            return
        if full in seen:
            return
        seen.add(full)
        if full not in self.known:
            text = tree.read(self.root, full)
            self.known[full] = (hashlib.sha256(text.encode()).hexdigest(), INCLUDE.findall(text))
        for name in self.known[full][1]:
            self.closure(name, seen)

    def digest(self, path):
        seen = set()
        self.closure(path, seen)
        text = self.settings + path + "".join(f"{p} {self.known[p][0]}\n" for p in sorted(seen))
        return hashlib.sha256(text.encode()).hexdigest()


def run(root, command):
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    return done.returncode == 0, done.stdout + done.stderr


def check(root, build, name):
    paths, command = CHECKS[name](root, build)
    memory = os.path.join(build, "lint", name)
    os.makedirs(memory, exist_ok=True)
    contents = Contents(root)
    digests = {path: contents.digest(path) for path in paths}
    clean = set(os.listdir(memory))
    todo = [path for path in paths if digests[path] not in clean]
    findings = []
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for path, (good, output) in zip(todo, pool.map(lambda p: run(root, command(p)), todo)):
            if good:
                open(os.path.join(memory, digests[path]), "w", encoding="utf-8").close()
            else:
                findings.append(f"{path}:\n{output}")
    for stale in clean - set(digests.values()):
        os.unlink(os.path.join(memory, stale))
    return findings


if __name__ == "__main__":
    if len(sys.argv) != 4 or sys.argv[3] not in CHECKS:
        sys.exit("usage: compile.py ROOT BUILD " + "|".join(CHECKS))
    tree.verdict(check(os.path.abspath(sys.argv[1]), sys.argv[2], sys.argv[3]))
