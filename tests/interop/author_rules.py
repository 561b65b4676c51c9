#!/usr/bin/env python3
"""The same `revision` and `merge` commands given to `skein` and to `alembic`: both make the same revision or both refuse."""

import ast
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

SKEIN, ALEMBIC = os.environ["SKEIN_BIN"], shutil.which("alembic")

TEMPLATE = '''"""${message}"""
revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}
branch_labels = ${repr(branch_labels)}
depends_on = ${repr(depends_on)}
def upgrade():
    pass
def downgrade():
    pass
'''

# One after the other on one growing graph. {id} is a new id each time.
STEPS = """
revision -m 'Create users: first!'
revision -m second --branch-label main
revision -m 'third: a very long message, which does not fit into the name of a file' --head {1}
revision -m x --head {1}
revision -m x --head {1} --splice --branch-label left
revision -m x
revision -m x --head head
revision -m x --head main@head
revision -m x --head left@head
revision -m x --head left
revision -m x --head nosuch
revision -m x --head nosuch@head
revision -m x --head zz
revision -m x --head head-1
revision -m 'another base' --head base
revision -m x --head base --branch-label other --depends-on {1}
revision -m x --head other@head --depends-on main
revision -m x --head other@head --depends-on nosuch
revision -m x --head other@head --branch-label main
revision -m x --head other@head --rev-id a-b
revision -m x --head other@head --rev-id a@b
revision -m x --head other@head --rev-id a+b
merge {2} {2} -m x
merge {0} {1} -m x
merge {2} left@head -m 'join two'
merge nosuch {2} -m x
merge heads -m 'join all'
revision -m x
revision -m 'three at once' --head heads
revision -m x --head {3}
revision -m x --head {3} --splice --depends-on left
""".strip().splitlines()


def names(value):
    return [] if value is None else [value] if isinstance(value, str) else list(value)


class Rules(unittest.TestCase):
    def setUp(self):
        holder = tempfile.TemporaryDirectory()
        self.addCleanup(holder.cleanup)
        self.folder = pathlib.Path(holder.name)
        self.theirs, self.ours = self.folder / "alembic/versions", self.folder / "database/migrations/versions"
        self.theirs.mkdir(parents=True)
        self.ours.mkdir(parents=True)
        (self.folder / "alembic.ini").write_text(f"[alembic]\nscript_location = {self.folder}/alembic\n")
        (self.folder / "alembic/env.py").write_text("")
        (self.folder / "alembic/script.py.mako").write_text(TEMPLATE)

    def run_one(self, command):
        environment = {**os.environ, "SKEIN_PROJECT": str(self.folder), "LC_ALL": "C.UTF-8"}
        return subprocess.run(command, capture_output=True, text=True, cwd=self.folder, env=environment, timeout=60)

    def by_alembic(self, id):
        path = next(self.theirs.glob(f"{id}_*.py"))
        values = {n.targets[0].id: ast.literal_eval(n.value) for n in ast.parse(path.read_text()).body if isinstance(n, ast.Assign)}
        return (path.stem, names(values["down_revision"]), names(values["branch_labels"]), names(values["depends_on"]))

    def by_skein(self, id):
        path = next(self.ours.glob(f"{id}_*.sql"))
        headers = dict(re.findall(r"^-- (\w+): (.*)$", path.read_text(), re.MULTILINE))
        lists = [headers[name].split(", ") if name in headers else [] for name in ("revises", "branch_labels", "depends_on")]
        return (path.stem, *lists)

    def test_every_step(self):
        ids = [f"{n:02x}" * 6 for n in range(0x10, 0x10 + len(STEPS))]
        made = []
        for number, step in enumerate(STEPS):
            with self.subTest(step=step):
                words = re.findall(r"'[^']*'|\S+", step)
                words = [word.strip("'").format(*made) for word in words]
                if "--rev-id" not in words:
                    words += ["--rev-id", ids[number]]
                theirs, ours = self.run_one([ALEMBIC, *words]), self.run_one([SKEIN, *words])
                self.assertEqual(theirs.returncode == 0, ours.returncode == 0, (words, theirs, ours))
                for left in self.theirs.glob("*.py"):  # Alembic checks labels after it has written
                    if theirs.returncode != 0 and left.name.startswith(ids[number]):
                        left.unlink()
                if theirs.returncode == 0:
                    made.append(ids[number])
                    their, our = self.by_alembic(ids[number]), self.by_skein(ids[number])
                    self.assertEqual((our[0], sorted(our[1]), *our[2:]), (their[0], sorted(their[1]), *their[2:]))
        self.assertGreater(len(made), 10)


if __name__ == "__main__":
    if ALEMBIC is None:
        raise SystemExit(77)
    unittest.main()
