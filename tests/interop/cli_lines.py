#!/usr/bin/env python3
"""Prints of `skein` compared with those of `alembic`, byte for byte, on the same graphs.

Where Alembic prints sets its order is arbitrary: such lines are compared with their parts sorted. The path of a
revision and the time of its creation differ by nature.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../cases"))
from cli_cases import write_project  # noqa: E402

SKEIN, ALEMBIC = os.environ["SKEIN_BIN"], shutil.which("alembic")

ENV = """
from alembic import context
from sqlalchemy import create_engine
with create_engine(context.config.get_main_option("sqlalchemy.url")).connect() as connection:
    context.configure(connection=connection)
    with context.begin_transaction():
        context.run_migrations()
"""


def node(id, down="", labels="", deps=""):
    return {"id": id, "down": down.split(), "labels": labels.split(), "deps": deps.split()}


GRAPHS = {
    "line": [node("a1"), node("a2", "a1"), node("a3", "a2")],
    "branches and a merge": [node("a1"), node("b1", "a1", "left"), node("c1", "a1", "right"), node("d1", "b1 c1"),
                             node("e1", "c1")],
    "two bases and a dependency": [node("a1", "", "core"), node("a2", "a1"), node("b1", "", "ext_billing"),
                                   node("b2", "b1", "", "a2"), node("b3", "b2")],
    "effective head": [node("a1", "", "lib"), node("b1", "", "app", "a1")],
}


def sorted_parts(line):
    """Lists that Alembic makes of sets."""
    for pattern in (r"(Branch names: |Branches into: )(.*)", r"( \()([\w, ]+)(\))"):
        line = re.sub(pattern, lambda m: m[1] + ", ".join(sorted(m[2].split(", "))) + "".join(m.groups()[2:]), line)
    return line


def comparable(text):
    lines = [line for line in text.splitlines() if not re.match(r"    Create Date|INFO", line)]
    return [re.sub(r"^Path: .*/(\w+)\.(py|sql)$", r"Path: \1", sorted_parts(line)) for line in lines]


class Lines(unittest.TestCase):
    def setUp(self):
        holder = tempfile.TemporaryDirectory()
        self.addCleanup(holder.cleanup)
        self.folder = holder.name
        self.url = f"sqlite:///{self.folder}/app.db"

    def build(self, graph):
        write_project(self.folder, graph)
        versions = os.path.join(self.folder, "alembic/versions")
        os.makedirs(versions)
        with open(os.path.join(self.folder, "alembic.ini"), "w") as file:
            file.write(f"[alembic]\nscript_location = {self.folder}/alembic\nsqlalchemy.url = {self.url}\n")
        with open(os.path.join(self.folder, "alembic/env.py"), "w") as file:
            file.write(ENV)
        for n in graph:
            down, labels, deps = (tuple(n[key]) or None for key in ("down", "labels", "deps"))
            down = down[0] if down and len(down) == 1 else down
            text = f'"""{n["id"]}\n\nRevision ID: {n["id"]}\nRevises: {", ".join(n["down"])}\n\n"""\n' \
                   f"revision = {n['id']!r}\ndown_revision = {down!r}\nbranch_labels = {labels!r}\n" \
                   f"depends_on = {deps!r}\n\ndef upgrade():\n    pass\n\ndef downgrade():\n    pass\n"
            with open(os.path.join(versions, f"{n['id']}_step.py"), "w") as file:
                file.write(text)

    def run_both(self, *arguments):
        texts = []
        for command in (ALEMBIC, SKEIN):
            process = subprocess.run([command, *arguments], cwd=self.folder, env={**os.environ, "DATABASE_URL": self.url,
                                         "SKEIN_PROJECT": self.folder},
                                     capture_output=True, text=True, timeout=60)
            self.assertEqual(process.returncode, 0, process.stderr)
            texts.append(comparable(process.stdout))
        return texts

    def compare(self, *arguments, order=True):
        theirs, ours = self.run_both(*arguments)
        if not order:
            theirs, ours = sorted(theirs), sorted(ours)
        self.assertEqual(ours, theirs, arguments)

    def compare_graph(self, graph):
        self.build(graph)
        self.compare("heads", order=False)
        self.compare("heads", "-v", order=False)
        self.compare("branches", order=False)
        self.compare("branches", "-v", order=False)
        # without a database file: neither of the two connects
        self.compare("history")
        self.compare("history", "-v")
        for n in graph:
            self.compare("show", n["id"])
        self.compare("show", "heads", order=False)
        subprocess.run([ALEMBIC, "upgrade", "heads"], cwd=self.folder, check=True, capture_output=True)
        self.compare("current", order=False)
        self.compare("current", "-v", order=False)
        self.compare("history", "-i")
        subprocess.run([ALEMBIC, "stamp", graph[0]["id"]], cwd=self.folder, check=True, capture_output=True)
        self.compare("current", order=False)
        self.compare("history", "-i")
        subprocess.run([ALEMBIC, "stamp", "base"], cwd=self.folder, check=True, capture_output=True)
        self.compare("current")


def add(name, graph):
    setattr(Lines, "test_" + name.replace(" ", "_"), lambda self: self.compare_graph(graph))


for graph_name, rows in GRAPHS.items():
    add(graph_name, rows)

if __name__ == "__main__":
    if ALEMBIC is None:
        print("skipped: alembic is not installed")
        sys.exit(77)
    unittest.main()
