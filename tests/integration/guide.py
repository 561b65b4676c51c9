#!/usr/bin/env python3
"""Runs the commands of a guide and compares what they print with what the guide says.

usage: guide.py ROOT BIN GUIDE.md            compare; exit 1 at the first difference of a block
       guide.py ROOT BIN GUIDE.md --update   write what the commands print into the guide

A block that starts with ```console is a terminal: lines with `$ ` are commands (a backslash at the end goes on
in the next line, as do lines that start with `>`), what follows is their output, both streams, and `[exit N]` when N is not 0. A line `...` stands
for any number of lines. Commands of one guide share one shell and one folder of their own. A comment
`<!-- run: COMMAND -->` is run without showing it. Times, folders and random ids are compared by their shape.
"""

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading

COMMAND_SECONDS = 60
END = "--end-of-command-%d--"
SHAPES = [
    (re.compile(r"\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?Z?"), "<time>"),
    (re.compile(r"\b[0-9a-f]{16,64}\b|\b[0-9a-f]{4}(-[0-9a-f]{4}){3}\b"), "<id>"),
    (re.compile(r"(?<=rollout )[0-9a-f]{12}|^[0-9a-f]{12}(?= +(done|partial|halted|running|cancelled))"), "<id>"),
    (re.compile(r"\bnow\b|\b\d+[smh] ago\b"), "<age>"),
    (re.compile(r"\b\d+(\.\d+)? ?(ms|s)\b"), "<duration>"),
    (re.compile(r"\b(pid|process) \d+"), "<pid>"),
    (re.compile(r"localhost:0:0:\d+"), "<socket>"),
    (re.compile(r"tried \d+ times"), "tried <n> times"),
    (re.compile(r"[ \t]+"), " "),
]


class Shell:
    """One bash that runs command after command."""

    def __init__(self, root, programs, folder):
        self.root, self.folder, self.count = root, folder, 0
        environment = {
            "PATH": programs + ":" + os.path.join(root, "tests/support") + ":" + os.environ["PATH"],
            "HOME": folder, "SKEIN_ROOT": root, "LC_ALL": "C.UTF-8", "TERM": "dumb", "PGCONNECT_TIMEOUT": "10",
        }
        self.bash = subprocess.Popen(["bash", "--noprofile", "--norc"], cwd=folder, env=environment, text=True, bufsize=1,
                                     start_new_session=True,
                                     stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)

    def run(self, command):
        """The lines it printed, with [exit N]."""
        self.count += 1
        end = END % self.count
        self.bash.stdin.write(f"{{ {command}\n}} </dev/null\nprintf '\\n{end}%s\\n' $?\n")
        self.bash.stdin.flush()
        lines = []
        stuck = threading.Timer(COMMAND_SECONDS, self.end)
        stuck.start()
        for line in self.bash.stdout:
            line = line.rstrip("\n")
            if line.startswith(end):
                stuck.cancel()
                if lines and lines[-1] == "":
                    lines.pop()
                code = line[len(end):]
                text = [entry.rstrip().replace(self.folder, "/home/you").replace(self.root, "/src/skein") for entry in lines]
                return text + ([] if code == "0" else [f"[exit {code}]"])
            lines.append(line)
        stuck.cancel()
        raise RuntimeError(f"the shell ended, or {COMMAND_SECONDS} seconds were not enough, in: {command}")

    def end(self):
        """The shell and whatever it left in the background."""
        try:
            os.killpg(self.bash.pid, signal.SIGTERM)
            self.bash.wait(10)
        except ProcessLookupError:
            pass
        except subprocess.TimeoutExpired:
            os.killpg(self.bash.pid, signal.SIGKILL)


def shape(line):
    for pattern, word in SHAPES:
        line = pattern.sub(word, line)
    return line.strip()


def agrees(expected, actual):
    """`...` stands for any number of lines."""
    if not expected:
        return not actual
    if expected[0].strip() == "...":
        return any(agrees(expected[1:], actual[i:]) for i in range(len(actual) + 1))
    return bool(actual) and shape(expected[0]) == shape(actual[0]) and agrees(expected[1:], actual[1:])


def commands(block):
    """(the lines of the command, the lines of its output) of each command."""
    found, i = [], 0
    while i < len(block):
        command = [block[i]]
        while command[-1].endswith("\\") or (i + 1 < len(block) and re.match(r">( |$)", block[i + 1])):
            i += 1
            command.append(block[i])
        i += 1
        output = []
        while i < len(block) and not block[i].startswith("$ "):
            output.append(block[i])
            i += 1
        found.append((command, output))
    return found


def run_block(shell, block, differences):
    shown = []
    for command, output in commands(block):
        actual = shell.run("\n".join(re.sub(r"^[$>] ?", "", line) for line in command))
        good = agrees(output, actual)
        if not good:
            differences.append("\n".join(command + ["--- the guide says"] + output + ["--- it printed"] + actual))
        shown += command + (output if good else actual)
    return shown


def walk(shell, text):
    """The text with the blocks as they really are, and the differences found."""
    result, differences, block = [], [], None
    for line in text.split("\n"):
        hidden = re.fullmatch(r"<!-- run: (.*) -->", line)
        if hidden:
            output = shell.run(hidden.group(1))
            if output and output[-1].startswith("[exit"):
                differences.append("\n".join([hidden.group(1)] + output))
        if block is not None and line == "```":
            result += run_block(shell, block, differences)
            block = None
        if block is None:
            result.append(line)
        else:
            block.append(line)
        if line == "```console":
            block = []
    return "\n".join(result), differences


def main(root, programs, guide, update):
    with open(guide, encoding="utf-8") as file:
        text = file.read()
    os.umask(0o022)
    folder = tempfile.mkdtemp(prefix="skein-guide.")
    os.chmod(folder, 0o755)
    shell = Shell(os.path.abspath(root), os.path.abspath(programs), folder)
    try:
        shown, differences = walk(shell, text)
    finally:
        shell.end()
        shutil.rmtree(folder, ignore_errors=True)
    if update and shown != text:
        with open(guide, "w", encoding="utf-8") as file:
            file.write(shown)
    print("\n\n".join(differences))
    return 0 if update or not differences else 1


if __name__ == "__main__":
    if len(sys.argv) not in (4, 5) or sys.argv[4:] not in ([], ["--update"]):
        sys.exit(__doc__)
    sys.exit(main(*sys.argv[1:4], len(sys.argv) == 5))
