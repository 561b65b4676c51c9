#!/usr/bin/env python3
"""Folders of other migration tools, and what `skein import` makes of them: import/TOOL/CASE/in is the folder,
import/TOOL/CASE/expected what comes out: what is said, then every file. A file `args` has more arguments.

usage: import_cases.py [--update] [TOOL/CASE ...]   --update writes what comes out into the expected files
"""

import os
import re
import subprocess
import sys
import tempfile

HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "import")
SKEIN = os.environ["SKEIN_BIN"]


def run(project, *args):
    environment = {"PATH": os.environ["PATH"], "HOME": project, "SKEIN_PROJECT": project, "LC_ALL": "C.UTF-8"}
    return subprocess.run([SKEIN, *args], capture_output=True, text=True, env=environment, cwd=project, timeout=60)


def outcome(case):
    """The text of `expected`."""
    tool, folder = case.split("/")[0], os.path.join(HERE, case)
    args = []
    if os.path.exists(os.path.join(folder, "args")):
        with open(os.path.join(folder, "args"), encoding="utf-8") as file:
            args = file.read().split("\n")[:-1]
    with tempfile.TemporaryDirectory() as project:
        run(project, "init", "--project", project)
        run(project, "init", "--extension", "billing")
        result = run(project, "import", tool, os.path.join(folder, "in"), *args)
        lines = [f"exit {result.returncode}"] + (result.stderr + result.stdout).rstrip("\n").split("\n")
        if result.returncode == 0:
            again = run(project, "import", tool, os.path.join(folder, "in"), *args)
            assert again.returncode == 0 and "nothing to do" in again.stderr, again.stderr
            loaded = run(project, "heads", "--all")
            assert loaded.returncode == 0, loaded.stderr
        for root, _, names in sorted(os.walk(project)):
            for name in sorted(names):
                path = os.path.join(root, name)
                if name.endswith(".sql"):
                    with open(path, encoding="utf-8") as file:
                        lines += ["", "==> " + os.path.relpath(path, project)] + file.read().rstrip("\n").split("\n")
    text = "\n".join(re.sub(r"[ \t]+$", "", line) for line in lines) + "\n"
    return text.replace(os.path.join(folder, "in"), "DIR")


def main(arguments):
    update = "--update" in arguments
    cases = [a for a in arguments if not a.startswith("-")]
    cases = cases or sorted(f"{tool}/{case}" for tool in os.listdir(HERE) for case in os.listdir(os.path.join(HERE, tool)))
    failed = 0
    for case in cases:
        path, text = os.path.join(HERE, case, "expected"), outcome(case)
        expected = ""
        if os.path.exists(path):
            with open(path, encoding="utf-8") as file:
                expected = file.read()
        if text != expected and update:
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)
        elif text != expected:
            failed += 1
            print(f"--- {case}: expected\n{expected}--- and not\n{text}")
    print(f"{len(cases)} cases, {failed} failed")
    return failed > 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
