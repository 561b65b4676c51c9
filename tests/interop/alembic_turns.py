#!/usr/bin/python3
"""Alembic and skein take turns on one database, on both engines and in both layouts of version tables.

After every turn the two agree about where the database is, the version tables hold the rows that Alembic would
have written, and the tables that the revisions made are there. Also: a stray Alembic process that runs at the same time
cannot corrupt what skein does.
"""

import contextlib
import io
import os
import shutil
import subprocess
import sys
import tempfile
import time
import unittest

try:
    import alembic.command
    import alembic.config
    import sqlalchemy
except ImportError:
    print("skipped: no Alembic for this Python")
    sys.exit(77)

SKEIN, PG = os.environ["SKEIN_BIN"], os.environ["SKEIN_PG_FOLDER"]

ENV = """
from alembic import context
from sqlalchemy import create_engine
config = context.config
engine = create_engine(config.get_main_option("sqlalchemy.url"))
with engine.connect() as connection:
    context.configure(connection=connection, version_table=config.get_main_option("version_table"))
    with context.begin_transaction():
        context.run_migrations()
engine.dispose()
"""

# module -> revisions: id, parents, labels, depends_on
MODULES = {
    "core": [("a1", [], [], []), ("a2", ["a1"], [], []), ("a3", ["a2"], [], []), ("a4", ["a3"], [], [])],
    "billing": [("b1", [], ["ext_billing"], []), ("b2", ["b1"], [], [])],
}
SHARED = {
    "core": [("a1", [], ["core_line"], []), ("a2", ["a1"], [], []), ("a3", ["a2"], [], []),
             ("b1", [], ["ext_billing"], []), ("b2", ["b1"], [], ["a2"]),
             ("c1", ["a3"], [], []), ("d1", ["a3"], [], []), ("e1", ["c1", "d1"], [], [])],
}


def version_table(module):
    return "alembic_version" if module == "core" else "alembic_version_" + module


def sql_file(revision):
    id, parents, labels, deps = revision
    header = [f"-- revision: {id}", f"-- revises: {', '.join(parents)}", f"-- branch_labels: {', '.join(labels)}",
              f"-- depends_on: {', '.join(deps)}", f"-- message: make {id}"]
    return "\n".join(header) + f"\n\n-- migrate:up\nCREATE TABLE t_{id} (n INTEGER);\n-- migrate:down\nDROP TABLE t_{id};\n"


def py_file(revision, up=None):
    id, parents, labels, deps = revision
    down = None if not parents else parents[0] if len(parents) == 1 else tuple(parents)
    return (f'"""make {id}"""\nfrom alembic import op\nrevision = {id!r}\ndown_revision = {down!r}\n'
            f"branch_labels = {tuple(labels) or None!r}\ndepends_on = {tuple(deps) or None!r}\n"
            f"def upgrade():\n    op.execute({up or f'CREATE TABLE t_{id} (n INTEGER)'!r})\n"
            f"def downgrade():\n    op.execute('DROP TABLE t_{id}')\n")


def write(path, text):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


class Turns(unittest.TestCase):
    made = 0

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="skein-interop-")
        self.addCleanup(shutil.rmtree, self.folder)

    def project(self, modules):
        self.modules = modules
        for module, revisions in modules.items():
            skein = "database" if module == "core" else f"extensions/{module}"
            for revision in revisions:
                write(f"{self.folder}/{skein}/migrations/versions/{revision[0]}.sql", sql_file(revision))
                write(f"{self.folder}/alembic_{module}/versions/{revision[0]}.py", py_file(revision))
            write(f"{self.folder}/alembic_{module}/env.py", ENV)
        write(f"{self.folder}/database/migrations/migration_extensions.json",
              '{"extensions": [%s]}' % ", ".join(f'"{m}"' for m in modules if m != "core"))

    def use(self, engine):
        if engine == "sqlite":
            self.url = self.alchemy = f"sqlite:///{self.folder}/t.db"
        else:
            Turns.made += 1
            name = f"interop_{os.getpid()}_{Turns.made}"
            admin = f"postgresql:///postgres?host={PG}&user=skein"
            self.psql(admin, f"CREATE DATABASE {name}")
            self.addCleanup(self.psql, admin, f"DROP DATABASE {name} WITH (FORCE)")
            self.url = f"postgresql:///{name}?host={PG}&user=skein"
            self.alchemy = f"postgresql+psycopg2:///{name}?host={PG}&user=skein"
        self.engine = sqlalchemy.create_engine(self.alchemy, poolclass=sqlalchemy.pool.NullPool)

    def psql(self, url, sql):
        subprocess.run(["psql", "-qX", url, "-c", sql], check=True, stdout=subprocess.DEVNULL)

    def config(self, module, output=None):
        config = alembic.config.Config(stdout=output or io.StringIO())
        config.set_main_option("script_location", f"{self.folder}/alembic_{module}")
        config.set_main_option("sqlalchemy.url", self.alchemy.replace("%", "%%"))
        config.set_main_option("version_table", version_table(module))
        return config

    def alembic(self, command, target, module="core"):
        with contextlib.redirect_stderr(io.StringIO()):
            getattr(alembic.command, command)(self.config(module), target)
        self.agree()

    def skein(self, *args):
        project = [] if args[0] in ("verify", "detach") else ["--project", self.folder]
        result = subprocess.run([SKEIN, *args, *project, "--database", self.url], capture_output=True, text=True,
                                check=False)
        self.assertEqual(result.returncode, 0, result.stderr)
        return result.stdout

    def turn(self, *args):
        self.skein(*args)
        self.agree()

    def rows(self, module):
        with self.engine.connect() as connection:
            try:
                return {row[0] for row in connection.execute(sqlalchemy.text(
                    f"SELECT version_num FROM {version_table(module)}"))}
            except (sqlalchemy.exc.OperationalError, sqlalchemy.exc.ProgrammingError):
                return set()

    def applied(self, module):
        graph = {r[0]: r[1] + r[3] for r in self.modules[module]}
        seen, todo = set(), list(self.rows(module))
        while todo:
            id = todo.pop()
            if id not in seen:
                seen.add(id)
                todo += graph[id]
        return seen

    def agree(self):
        everything = set()
        for module in self.modules:
            output = io.StringIO()
            alembic.command.current(self.config(module, output))
            theirs = {line.split()[0] for line in output.getvalue().splitlines() if line.strip()}
            args = ["current"] + (["--extension", module] if module != "core" else [])
            ours = {line.split()[0] for line in self.skein(*args).splitlines() if line.strip()}
            self.assertEqual(ours, theirs, module)
            everything |= self.applied(module)
        tables = {t[2:] for t in sqlalchemy.inspect(self.engine).get_table_names() if t.startswith("t_")}
        self.assertEqual(tables, everything)

    # ---- a table per module ----

    def take_turns_per_module(self, engine):
        self.project(MODULES)
        self.use(engine)
        self.alembic("upgrade", "a2")
        self.assertEqual(self.rows("core"), {"a2"})
        self.turn("upgrade", "a3")
        self.alembic("upgrade", "b1", "billing")
        self.turn("upgrade", "heads", "--all")
        self.assertEqual((self.rows("core"), self.rows("billing")), ({"a4"}, {"b2"}))
        self.alembic("downgrade", "a2")
        self.turn("downgrade", "b1", "--extension", "billing")
        self.alembic("upgrade", "head")
        self.alembic("downgrade", "base", "billing")
        self.turn("downgrade", "base")
        self.assertEqual(self.rows("core"), set())
        self.alembic("upgrade", "a1")
        self.turn("stamp", "a1")
        self.skein("verify")
        self.skein("detach")
        self.alembic("upgrade", "head")

    def test_per_module_sqlite(self):
        self.take_turns_per_module("sqlite")

    def test_per_module_postgresql(self):
        self.take_turns_per_module("postgresql")

    # ---- one table for all ----

    def take_turns_shared(self, engine):
        self.project(SHARED)
        self.use(engine)
        self.alembic("upgrade", "ext_billing@head")
        self.assertEqual(self.rows("core"), {"b2"})
        self.turn("upgrade", "a3")
        self.assertEqual(self.rows("core"), {"b2", "a3"})
        self.alembic("downgrade", "core_line@a2")
        self.assertEqual(self.rows("core"), {"b2"})
        self.turn("downgrade", "b1")
        self.assertEqual(self.rows("core"), {"b1", "a2"})
        self.alembic("upgrade", "c1")
        self.turn("upgrade", "d1")
        self.assertEqual(self.rows("core"), {"b1", "c1", "d1"})
        self.turn("upgrade", "heads")
        self.assertEqual(self.rows("core"), {"b2", "e1"})
        self.alembic("downgrade", "d1")
        self.turn("downgrade", "a3")
        self.assertEqual(self.rows("core"), {"b2", "a3"})
        self.turn("upgrade", "heads")
        self.alembic("downgrade", "base")
        self.turn("upgrade", "heads")

    def test_shared_sqlite(self):
        self.take_turns_shared("sqlite")

    def test_shared_postgresql(self):
        self.take_turns_shared("postgresql")

    # ---- at the same time ----

    def stray(self, engine, slow):
        """skein runs a slow revision; meanwhile Alembic tries the same one, which would count twice."""
        self.project({"core": [("a1", [], [], []), ("a2", ["a1"], [], [])]})
        self.use(engine)
        count = "INSERT INTO t_a1 VALUES (1)"
        write(f"{self.folder}/database/migrations/versions/a2.sql",
              f"-- revision: a2\n-- revises: a1\n\n-- migrate:up\n{count};\n{slow};\n")
        write(f"{self.folder}/alembic_core/versions/a2.py", py_file(("a2", ["a1"], [], []), up=count))
        self.skein("upgrade", "a1")
        ours = subprocess.Popen([SKEIN, "upgrade", "--project", self.folder, "--database", self.url],
                                stderr=subprocess.PIPE, text=True)
        time.sleep(0.4)
        self.assertIsNone(ours.poll(), "the revision was meant to be slow")
        with self.assertRaises(Exception), contextlib.redirect_stderr(io.StringIO()):
            alembic.command.upgrade(self.config("core"), "head")
        _, said = ours.communicate(timeout=60)
        self.assertEqual(ours.returncode, 0, said)
        self.assertEqual(self.rows("core"), {"a2"})
        with self.engine.connect() as connection:
            self.assertEqual(connection.execute(sqlalchemy.text("SELECT count(*) FROM t_a1")).scalar(), 1)
        self.skein("verify")

    def test_stray_sqlite(self):
        self.stray("sqlite", "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 12000000) "
                             "SELECT count(*) FROM n")

    def test_stray_postgresql(self):
        self.stray("postgresql", "SELECT pg_sleep(1.5)")


if __name__ == "__main__":
    unittest.main()
