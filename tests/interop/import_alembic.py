#!/usr/bin/python3
"""skein import alembic against the real Alembic: a database that Alembic brought half way goes on with skein, up and
down, and is then what Alembic alone would have made of it. On SQLite and PostgreSQL, from one environment, from one
with several version locations, and from core and extensions with version tables of their own.
"""

import contextlib
import io
import json
import os
import re
import shutil
import signal
import sqlite3
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
from sqlalchemy import create_engine, MetaData
config = context.config
metadata = MetaData(naming_convention={"uq": "uq_%(table_name)s_%(column_0_name)s"})
options = dict(version_table=config.get_main_option("version_table", "alembic_version"), target_metadata=metadata)
if context.is_offline_mode():
    context.configure(url=config.get_main_option("sqlalchemy.url"), literal_binds=True, **options)
    context.run_migrations()
else:
    engine = create_engine(config.get_main_option("sqlalchemy.url"))
    with engine.connect() as connection:
        context.configure(connection=connection, **options)
        with context.begin_transaction():
            context.run_migrations()
    engine.dispose()
"""

HEAD = '''"""{message}

Revision ID: {id}
Revises: {down}
Create Date: 2024-03-0{n} 10:20:30.456789+02:00

"""
from alembic import op
import sqlalchemy as sa

revision = {id!r}
down_revision = {down!r}
branch_labels = {labels!r}
depends_on = {depends!r}


'''


def script(id, down, up, back, labels=None, depends=None, message="", n=1):
    def body(text):
        return "\n".join("    " + line for line in text.strip("\n").split("\n"))
    return (HEAD.format(id=id, down=down, labels=labels, depends=depends, message=message or f"make {id}", n=n) +
            f"def upgrade():\n{body(up)}\n\n\ndef downgrade():\n{body(back)}\n")


# file name -> text: a branch, a dependency, a merge, batch mode, an autocommit block, bulk inserts, bound values
PROJECT = {
    "aa11_users.py": script("aa11", None, '''
op.create_table("users", sa.Column("id", sa.Integer, primary_key=True),
                sa.Column("name", sa.String(50), nullable=False, server_default="it's 100%"),
                sa.Column("kind", sa.Enum("a", "b", name="kind"), nullable=True))
op.bulk_insert(sa.table("users", sa.column("id", sa.Integer), sa.column("name", sa.String)),
               [{"id": 1, "name": "O'Hara"}, {"id": 2, "name": "100% :x"}])
''', '''
op.drop_table("users")
op.execute("DROP TYPE IF EXISTS kind") if op.get_bind().dialect.name == "postgresql" else None
''', labels=("main",), message="create   users,\n    first of all", n=1),
    "bb22_batch.py": script("bb22", "aa11", '''
with op.batch_alter_table("users") as batch:
    batch.alter_column("name", new_column_name="full_name", existing_type=sa.String(50), existing_nullable=False)
    batch.add_column(sa.Column("age", sa.Integer))
op.get_bind().execute(sa.text("UPDATE users SET age = :age WHERE id = :id AND full_name = :n"),
                      {"age": 33, "id": 1, "n": "O'Hara"})
''', '''
with op.batch_alter_table("users") as batch:
    batch.drop_column("age")
    batch.alter_column("full_name", new_column_name="name", existing_type=sa.String(50), existing_nullable=False)
''', n=2),
    "cc33_index.py": script("cc33", "bb22", '''
with op.get_context().autocommit_block():
    op.create_index("ix_users_age", "users", ["age"], postgresql_concurrently=True)
''', 'op.drop_index("ix_users_age", table_name="users")', n=3),
    "dd44_side.py": script("dd44", "bb22", '''
op.create_table("notes", sa.Column("id", sa.Integer, primary_key=True), sa.Column("text", sa.Text))
op.execute("INSERT INTO notes (id, text) VALUES (1, 'a;b -- c')")
''', 'op.drop_table("notes")', labels="side", n=4),
    "ee55_lib.py": script("ee55", None, 'op.create_table("lib", sa.Column("id", sa.Integer, primary_key=True))',
                          'op.drop_table("lib")', labels=["lib"], n=5),
    "ff66_join.py": script("ff66", ("cc33", "dd44"), "pass", "pass", depends="lib", n=6),
    "ff77_last.py": script("ff77", "ff66", 'op.add_column("notes", sa.Column("more", sa.Text))', '''
with op.batch_alter_table("notes") as batch:
    batch.drop_column("more")
''', depends=["ee55"], n=7),
}


def write(path, text):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


class Import(unittest.TestCase):
    made = 0

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="skein-import-")
        self.addCleanup(shutil.rmtree, self.folder)
        self.project = os.path.join(self.folder, "project")
        self.environment = os.path.join(self.folder, "env")

    # --- databases

    def database(self, engine):
        """A new database: its URL."""
        Import.made += 1
        if engine == "sqlite":
            return f"sqlite:///{self.folder}/db{Import.made}.db"
        name = f"import_{os.getpid()}_{Import.made}"
        admin = f"postgresql:///postgres?host={PG}&user=skein"
        self.psql(admin, f"CREATE DATABASE {name}")
        self.addCleanup(self.psql, admin, f"DROP DATABASE {name} WITH (FORCE)")
        return f"postgresql:///{name}?host={PG}&user=skein"

    def psql(self, url, sql):
        return subprocess.run(["psql", "-qAtX", "-v", "ON_ERROR_STOP=1", url, "-c", sql], check=True, text=True,
                              stdout=subprocess.PIPE).stdout

    def contents(self, url):
        """Schema and rows, without what skein itself keeps there."""
        if url.startswith("sqlite"):
            connection = sqlite3.connect(url[len("sqlite:///"):])
            try:
                lines = [re.sub(r"\s+", " ", line) for line in connection.iterdump()]
            finally:
                connection.close()
            return sorted(line for line in lines if "skein_" not in line)
        process = subprocess.run(["pg_dump", "--no-owner", "--inserts", "-T", "skein_*", url], check=True, text=True,
                                 capture_output=True)
        return sorted(line for line in process.stdout.splitlines() if line and not line.startswith(("--", "\\")))

    # --- the two programs

    def alembic(self, url, command, target, folder=None, table="alembic_version"):
        config = alembic.config.Config(stdout=io.StringIO())
        config.set_main_option("script_location", folder or self.environment)
        config.set_main_option("sqlalchemy.url", url.replace("postgresql:", "postgresql+psycopg2:").replace("%", "%%"))
        config.set_main_option("version_table", table)
        for name, value in self.options.items():
            config.set_main_option(name, value)
        with contextlib.redirect_stderr(io.StringIO()):
            getattr(alembic.command, command)(config, target)

    options = {}

    def skein(self, *args, url="", code=0):
        process = subprocess.run([SKEIN, *args], capture_output=True, text=True, cwd=self.folder, timeout=120, env={
            "PATH": os.environ["PATH"], "HOME": self.folder, "SKEIN_PROJECT": self.project, "DATABASE_URL": url,
            "LC_ALL": "C.UTF-8"})
        self.assertEqual(process.returncode, code, process.stdout + process.stderr)
        return process.stdout

    def take(self, *args, code=0):
        """Imports; the JSON."""
        text = self.skein("import", "alembic", *args, "--python", sys.executable, "--format", "json", code=code)
        return json.loads(text)

    def scripts(self, files, folder=None):
        folder = folder or self.environment
        write(f"{folder}/env.py", ENV)
        for name, text in files.items():
            write(f"{folder}/versions/{name}", text)

    def revision(self, result, id):
        return next(r for r in result["revisions"] if r["revision"] == id)

    def file(self, result, id):
        with open(os.path.join(self.project, self.revision(result, id)["path"]), encoding="utf-8") as file:
            return file.read()


class Environment(Import):
    def setUp(self):
        super().setUp()
        self.scripts(PROJECT)
        self.skein("init")

    def check_turn(self, engine, half, steps):
        """Alembic half way, skein the rest; against Alembic all the way."""
        mixed, alone = self.database(engine), self.database(engine)
        self.alembic(mixed, "upgrade", half)
        self.take(self.environment)
        for command, target in steps:
            self.skein(command, target, url=mixed)
        self.alembic(alone, "upgrade", half)
        for command, target in steps:
            self.alembic(alone, command, target)
        self.assertEqual(self.contents(mixed), self.contents(alone))
        self.alembic(mixed, "downgrade", "base")

    def test_a_database_half_way_goes_on(self):
        for engine in "sqlite", "postgresql":
            for half in "aa11", "bb22", "heads", "lib":
                with self.subTest(engine=engine, half=half):
                    self.check_turn(engine, half, [("upgrade", "heads")])

    def test_and_back(self):
        for engine in "sqlite", "postgresql":
            with self.subTest(engine=engine):
                self.check_turn(engine, "dd44", [("upgrade", "heads"), ("downgrade", "ff66"), ("downgrade", "bb22")])
                self.check_turn(engine, "heads", [("downgrade", "aa11"), ("upgrade", "side@dd44")])

    def test_every_revision_is_as_it_was(self):
        result = self.take(self.environment)
        self.assertEqual(result["imported"], len(PROJECT))
        self.assertEqual([r["revision"] for r in result["revisions"] if any(s["opaque"] for s in r["sections"])], [])
        self.assertEqual(self.revision(result, "ff66")["parents"], ["cc33", "dd44"])
        self.assertEqual(self.revision(result, "ff66")["depends_on"], ["lib"])
        self.assertEqual(self.revision(result, "ff66")["sections"], [])
        self.assertEqual(self.revision(result, "dd44")["labels"], ["side"])
        text = self.file(result, "aa11")
        self.assertIn("-- message: create users, first of all\n", text)
        self.assertIn("-- created: 2024-03-01T08:20:30Z\n", text)
        self.assertIn("transaction:false", self.file(result, "cc33"))
        self.assertIn("ff77 (head)", re.sub(r" \((main|side|lib)[^)]*\)", "", self.skein("heads")))

    def test_again_adds_what_is_new(self):
        before = self.take(self.environment)
        self.assertEqual(self.take(self.environment)["imported"], 0)
        write(f"{self.environment}/versions/gg88_new.py", script("gg88", "ff77", "pass", "pass"))
        result = self.take(self.environment)
        self.assertEqual(result["imported"], 1)
        path = os.path.join(self.project, self.revision(before, "dd44")["path"])
        with open(path, "a", encoding="utf-8") as file:
            file.write("SELECT 1;\n")
        self.assertEqual(self.take(self.environment, code=1)["error"]["code"], "revision_exists")

    def test_dry_run_writes_nothing(self):
        result = self.take(self.environment, "--dry-run")
        self.assertEqual(result["imported"], len(PROJECT))
        self.assertEqual(os.listdir(f"{self.project}/database/migrations/versions"), [])

    def test_one_engine(self):
        result = self.take(self.environment, "--engine", "postgresql")
        engines = {s["engine"] for r in result["revisions"] for s in r["sections"]}
        self.assertEqual(engines, {"postgresql"})

    def test_the_project_names_the_engines(self):
        write(f"{self.project}/database/migrations/migration_extensions.json", '{"extensions": [], "engines": ["sqlite"]}')
        result = self.take(self.environment)
        self.assertEqual({s["engine"] for r in result["revisions"] for s in r["sections"]}, {"sqlite"})

    def test_the_url_names_the_engine(self):
        write(f"{self.environment}/alembic.ini", "[alembic]\nscript_location = %(here)s\nsqlalchemy.url = sqlite:///x.db\n")
        result = self.take(self.environment)
        self.assertEqual({s["engine"] for r in result["revisions"] for s in r["sections"]}, {"sqlite"})

    def test_a_folder_that_cannot_be_written(self):
        folder = f"{self.project}/database/migrations/versions"
        write(f"{folder}/dd44_make_dd44.sql.d/x", "")
        shutil.rmtree(folder)
        write(folder, "no folder")
        self.skein("import", "alembic", self.environment, "--python", sys.executable, code=1)
        self.assertTrue(os.path.isfile(folder))


class Opaque(Import):
    """What needs a database is known, listed, never run, and can be stamped over or written down later."""

    FILES = {
        "a1_one.py": script("a1", None, 'op.create_table("t", sa.Column("id", sa.Integer), sa.Column("n", sa.Integer))',
                            'op.drop_table("t")'),
        "a2_two.py": script("a2", "a1", '''
bind = op.get_bind()
for row in bind.execute(sa.text("SELECT id FROM t")):
    bind.execute(sa.text("UPDATE t SET n = :n WHERE id = :i"), {"n": row[0] * 2, "i": row[0]})
''', 'raise NotImplementedError("no way back")'),
        "a3_three.py": script("a3", "a2", '''
if "other" not in sa.inspect(op.get_bind()).get_table_names():
    op.create_table("other", sa.Column("id", sa.Integer))
''', 'op.drop_table("other")'),
        "a4_four.py": script("a4", "a3", 'op.add_column("t", sa.Column("x", sa.Integer))', 'raise SystemExit(3)'),
    }

    def setUp(self):
        super().setUp()
        self.scripts(self.FILES)
        self.skein("init")
        self.result = self.take(self.environment)

    def reasons(self, id):
        return [(s["section"], s["engine"], s["reason"]) for s in self.revision(self.result, id)["sections"] if s["opaque"]]

    def test_they_are_listed(self):
        self.assertEqual(self.reasons("a1"), [])
        self.assertEqual(self.reasons("a2"), [("up", None, "the result of a query is used (a2_two.py:19)")])
        self.assertEqual([s["section"] for s in self.revision(self.result, "a2")["sections"]], ["up"])
        self.assertIn("the result of a query is used", self.reasons("a3")[0][2])
        self.assertEqual(self.reasons("a4"), [("down", None, "SystemExit: 3 (a4_four.py:22)")])

    def test_they_are_never_run(self):
        for engine in "sqlite", "postgresql":
            url = self.database(engine)
            self.skein("upgrade", "a1", url=url)
            error = json.loads(self.skein("upgrade", "--format", "json", url=url, code=1))["error"]
            self.assertEqual(error["code"], "opaque_section")
            self.assertIn("'a2'", error["message"])

    def test_a_database_beyond_them_goes_on(self):
        for engine in "sqlite", "postgresql":
            url, alone = self.database(engine), self.database(engine)
            self.alembic(url, "upgrade", "a3")
            self.skein("upgrade", url=url)
            self.alembic(alone, "upgrade", "head")
            self.assertEqual(self.contents(url), self.contents(alone))

    def test_stamped_over(self):
        url = self.database("sqlite")
        self.skein("upgrade", "a1", url=url)
        self.skein("stamp", "a3", url=url)
        self.skein("upgrade", url=url)

    def test_filled_in(self):
        path = os.path.join(self.project, self.revision(self.result, "a2")["path"])
        with open(path, encoding="utf-8") as file:
            text = file.read()
        with open(path, "w", encoding="utf-8") as file:
            file.write(text.replace("migrate:up opaque", "migrate:up") + "UPDATE t SET n = id * 2;\n")
        self.skein("upgrade", "a2", url=self.database("sqlite"))
        self.assertEqual(self.take(self.environment)["imported"], 0)


class Layouts(Import):
    def table(self, name, id, down=None, **kwargs):
        return script(id, down, f'op.create_table({name!r}, sa.Column("id", sa.Integer, primary_key=True))',
                      f"op.drop_table({name!r})", **kwargs)

    def test_several_version_locations(self):
        self.scripts({"a1_one.py": self.table("one", "a1")})
        write(f"{self.environment}/more/b1_two.py", self.table("two", "b1", depends="a1", labels="more"))
        self.options = {"version_locations": f"{self.environment}/versions {self.environment}/more"}
        write(f"{self.folder}/alembic.ini", f"[alembic]\nscript_location = {self.environment}\n"
              f"version_locations = {self.environment}/versions {self.environment}/more\n")
        self.skein("init")
        self.assertEqual(self.take(self.folder)["imported"], 2)
        url = self.database("sqlite")
        self.alembic(url, "upgrade", "a1")
        self.skein("upgrade", "heads", url=url)
        self.assertEqual(sqlite3.connect(url[10:]).execute("SELECT version_num FROM alembic_version").fetchall(), [("b1",)])

    def test_core_and_extensions_in_place(self):
        root = f"{self.project}/src"
        core, billing = f"{root}/database/migrations", f"{root}/extensions/billing/migrations"
        write(f"{core}/migration_extensions.json", '{"extensions": ["billing"], "auto_discover": false}\n')
        self.scripts({"c1_core.py": self.table("core_t", "c1"), "c2_core.py": self.table("core_u", "c2", "c1")}, core)
        self.scripts({"d1_bill.py": self.table("billing_t", "d1"), "d2_bill.py": self.table("billing_u", "d2", "d1")}, billing)
        write(f"{root}/helper.py", "")
        for engine in "sqlite", "postgresql":
            url, alone = self.database(engine), self.database(engine)
            for target in url, alone:
                self.alembic(target, "upgrade", "c1", core)
                self.alembic(target, "upgrade", "d1", billing, "alembic_version_billing")
            result = self.take(self.project)
            self.skein("upgrade", "--all", url=url)
            self.alembic(alone, "upgrade", "head", core)
            self.alembic(alone, "upgrade", "head", billing, "alembic_version_billing")
            self.assertEqual(self.contents(url), self.contents(alone))
            self.skein("downgrade", "base", "--extension", "billing", url=url)
        self.assertEqual({(r["module"], r["revision"]) for r in result["revisions"]},
                         {("core", "c1"), ("core", "c2"), ("billing", "d1"), ("billing", "d2")})
        self.assertEqual(self.revision(result, "d1")["labels"], ["ext_billing"])

    def test_into_an_extension(self):
        self.scripts({"a1_one.py": self.table("one", "a1")})
        self.skein("init")
        self.assertEqual(self.take(self.environment, "--extension", "billing", code=2)["error"]["code"], "unknown_extension")
        self.skein("init", "--extension", "billing")
        self.take(self.environment, "--extension", "billing")
        self.assertTrue(os.path.isfile(f"{self.project}/extensions/billing/migrations/versions/a1_make_a1.sql"))

    def test_naming_conventions_of_env_py(self):
        self.scripts({"a1_one.py": script("a1", None, '''
op.create_table("t", sa.Column("id", sa.Integer), sa.Column("n", sa.Integer, unique=True))
''', 'op.drop_table("t")')})
        self.skein("init")
        self.assertNotIn("uq_t_n", self.file(self.take(self.environment), "a1"))
        os.unlink(f"{self.project}/database/migrations/versions/a1_make_a1.sql")
        write(f"{self.folder}/alembic.ini", f"[alembic]\nscript_location = {self.environment}\nsqlalchemy.url = sqlite:///x\n")
        self.assertIn("CONSTRAINT uq_t_n UNIQUE (n)", self.file(self.take(self.folder, "--env"), "a1"))


class Bad(Import):
    def fails(self, kind, *args, python=None, code=1):
        before = os.listdir(f"{self.project}/database/migrations/versions")
        text = self.skein("import", "alembic", *args, "--python", python or sys.executable, "--format", "json", code=code)
        error = json.loads(text)["error"]
        self.assertEqual(error["code"], kind, text)
        self.assertEqual(os.listdir(f"{self.project}/database/migrations/versions"), before)
        return error

    def setUp(self):
        super().setUp()
        self.skein("init")

    def test_no_environment(self):
        self.fails("ENOENT", f"{self.folder}/nowhere")
        os.makedirs(f"{self.folder}/empty")
        self.fails("export_failed", f"{self.folder}/empty")
        os.makedirs(f"{self.folder}/empty/versions")
        self.fails("nothing_to_import", f"{self.folder}/empty")

    def test_no_python(self):
        self.scripts({})
        self.fails("export_failed", self.environment, python="/nowhere/python")
        self.fails("export_failed", self.environment, python="/bin/false")

    def test_a_script_that_does_not_load(self):
        self.scripts({"a1_x.py": "import does_not_exist\n"})
        self.assertIn("does_not_exist", self.fails("export_failed", self.environment)["message"])

    def test_stopped_in_the_middle(self):
        """Nothing is left behind: no file, no Python."""
        self.scripts({"a1_x.py": script("a1", None, "import os, time\nopen('started', 'w').write(str(os.getpid()))\n"
                                        "time.sleep(60)", "pass")})
        process = subprocess.Popen([SKEIN, "import", "alembic", self.environment, "--python", sys.executable],
                                   env={"PATH": os.environ["PATH"], "SKEIN_PROJECT": self.project}, cwd=self.folder,
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        started, end = f"{self.environment}/started", time.monotonic() + 30
        while time.monotonic() < end and not (os.path.exists(started) and os.path.getsize(started)):
            time.sleep(0.05)
        with open(started, encoding="utf-8") as file:
            pid = int(file.read())
        process.send_signal(signal.SIGINT)
        self.assertEqual(process.wait(30), 1)
        self.assertFalse(os.path.exists(f"/proc/{pid}"))
        self.assertEqual(os.listdir(f"{self.project}/database/migrations/versions"), [])

    def test_a_missing_parent(self):
        self.scripts({"a1_x.py": script("a1", "a0", "pass", "pass")})
        self.assertIn("a0", self.fails("export_failed", self.environment)["message"])

    def test_what_scripts_print_is_not_ours(self):
        self.scripts({"a1_x.py": "print('{\"kind\": \"end\", \"revisions\": 0}')\n" + script("a1", None, "print('hello')", "pass")})
        self.assertEqual(self.take(self.environment)["imported"], 1)

    def test_a_python_that_lies(self):
        fake = f"{self.folder}/python"
        begin = '{"kind": "begin", "format": 1}'
        for lines in ("", "no json", "[]", begin, '{"kind": "begin", "format": 9}', begin + "\n" + begin,
                      begin + '\n{"kind": "end", "revisions": 1}',
                      begin + '\n{"kind": "revision", "id": "a"}\n{"kind": "end", "revisions": 1}',
                      begin + '\n{"kind": "revision", "id": "a", "sections": [{}], "parents": [], "labels": [], "depends_on": []}',
                      begin + '\n{"kind": "revision", "id": "a", "sections": [], "parents": ["x y"], "labels": [], "depends_on": []}',
                      begin + '\n{"kind": "revision", "id": "a", "sections": [], "parents": ["\\u0000"], "labels": [], "depends_on": []}'):
            write(fake, "#!/bin/sh\ncat <<'E'\n" + lines + "\nE\n")
            os.chmod(fake, 0o755)
            self.fails("bad_export", self.folder, python=fake)
        for id in "../../x", "/etc/x", ".x", "a b", "x" * 33:
            write(fake, "#!/bin/sh\ncat <<'E'\n" + begin + '\n{"kind": "revision", "id": "%s", "message": "m", "parents": [], '
                  '"labels": [], "depends_on": [], "sections": [{"direction": "up", "engine": "sqlite", "sql": "SELECT 1;", '
                  '"transactional": true}]}\n{"kind": "end", "revisions": 1}\nE\n' % id)
            self.fails("illegal_id", self.folder, python=fake)


if __name__ == "__main__":
    unittest.main()
