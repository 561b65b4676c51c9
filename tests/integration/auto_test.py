#!/usr/bin/env python3
"""`revision --auto` with the real `skein` on both engines: models of any order, whose they are, what is refused, what is
left behind by an interrupt (nothing)."""

import json
import os
import pathlib
import re
import signal
import stat
import subprocess
import time
import unittest

from cli_support import Case, PG_FOLDER, Postgres, SKEIN, on_terminal

LIST = "database/migrations/migration_extensions.json"
VERSIONS = "database/migrations/versions"


class Project:
    """Models, and what --auto makes of them or says about them."""

    engines = None

    def setUp(self):
        super().setUp()
        self.list()

    def list(self, *extensions, **more):
        self.write(LIST, json.dumps({"extensions": extensions, "engines": self.engines, **more}))
        for name in extensions:
            os.makedirs(f"{self.project}/extensions/{name}/migrations/versions", exist_ok=True)

    def environment(self):
        return {"SKEIN_SCRATCH_URL": f"postgresql:///postgres?host={PG_FOLDER}&user=skein"} if PG_FOLDER else {}

    def skein(self, *args, env=None, **kwargs):
        return super().skein(*args, env={**self.environment(), **(env or {})}, **kwargs)

    def files(self):
        return {str(path): path.read_bytes() for path in pathlib.Path(self.project).rglob("*") if path.is_file()}

    def auto(self, *args, module=None):
        """The texts of the new revisions, in order."""
        extension = ["--extension", module] if module else []
        out = self.ok("revision", "--auto", "-m", "change", *extension, *args, database=False).out
        return [pathlib.Path(line).read_text() for line in out.splitlines()]

    def nothing(self, *args, module=None):
        before = self.files()
        self.assertEqual(self.auto(*args, module=module), [])
        self.assertEqual(self.files(), before)

    def refused(self, kind, *args, origin=None, code=1, **kwargs):
        """Refused with this kind, and nothing is written."""
        before = self.files()
        result = self.skein("revision", "--auto", "-m", "change", "--format", "json", *args, database=False, **kwargs)
        self.assertEqual(result.code, code, result)
        error = result.json["error"]
        self.assertEqual(error["code"], kind, result)
        if origin is not None:
            places = [f"{f['path']}:{f['line']}:{f['column']}" for f in result.json.get("findings", [])]
            self.assertIn(origin, [error.get("origin"), *places], result)
        self.assertTrue(error["hint"], result)
        self.assertEqual(self.files(), before)
        return error


class Models(Project):
    """What does not depend on the engine."""

    def test_from_nothing_and_on(self):
        self.write("database/DB_a.sql", "CREATE TABLE a (id INTEGER PRIMARY KEY, name TEXT NOT NULL);\n")
        first, = self.auto()
        self.assertIn("CREATE TABLE a (", first)
        self.assertIn("DROP TABLE a", first)
        self.nothing()
        self.ok("upgrade")
        self.write("database/DB_a.sql", "CREATE TABLE a (id INTEGER PRIMARY KEY, name TEXT NOT NULL, mail TEXT);\n")
        second, = self.auto()
        self.assertIn("ADD COLUMN mail", second)
        self.nothing()
        self.ok("upgrade")
        self.sql("INSERT INTO a (id, name, mail) VALUES (1, 'x', 'y')")
        self.ok("downgrade", "-1")
        self.assertEqual([tuple(map(str, row)) for row in self.sql("SELECT * FROM a")], [("1", "x")])
        self.ok("downgrade", "base")
        self.assertNotIn("a", self.tables())

    def test_files_in_any_order(self):
        self.write("database/DB_a.sql", "CREATE VIEW v AS SELECT * FROM w;\nCREATE INDEX i ON t (u);\n")
        self.write("database/DB_b.sql", "CREATE VIEW w AS SELECT u FROM t;\n")
        self.write("database/DB_c.sql", "CREATE TABLE t (id INTEGER PRIMARY KEY, u INTEGER REFERENCES u (id));\n")
        self.write("database/DB_d.sql", "CREATE TABLE u (id INTEGER PRIMARY KEY, t INTEGER REFERENCES t (id));\n")
        self.auto()
        self.nothing()
        self.ok("upgrade")
        self.sql("SELECT * FROM v")

    def test_mistakes_have_a_place(self):
        for text, kind, place in (
                ("CREATE TABLE t (id INTEGER PRIMARY KEY);\nCREATE TABLE u (\n  id INTEGER,,\n);\n", "bad_model", "3:14"),
                ("CREATE TABLE t (\n  id INTEGER REFERENCES nowhere (id));\n", "missing_reference", None),
                ("CREATE VIEW v AS SELECT * FROM nowhere;\n", "missing_reference", None),
                ("CREATE VIEW v AS SELECT * FROM w;\nCREATE VIEW w AS SELECT * FROM v;\n", "cyclic_models", None),
                ("CREATE TABLE t (id INTEGER);\n  INSERT INTO t VALUES (1);\n", "not_a_model", "2:3"),
                ("DROP TABLE t;\n", "not_a_model", "1:1"),
                ("BEGIN;\n", "not_a_model", "1:1"),
                ("\\d t\n", "not_a_model", "1:1"),
                ("CREATE TABLE t (a TEXT DEFAULT 'x);\n", "bad_sql", "1:32"),
                ("CREATE TABLE t (id INTEGER);\nCREATE TABLE t (id INTEGER);\n", "two_owners", "2:1")):
            with self.subTest(text):
                self.write("database/DB_x.sql", text)
                self.refused(kind, origin=f"database/DB_x.sql:{place}" if place else None)

    def test_whose_it_is(self):
        self.list("billing", "crm")
        self.write("database/DB_u.sql", "CREATE TABLE users (id INTEGER PRIMARY KEY);\n")
        self.write("extensions/billing/DB_b.sql", "CREATE TABLE billing_b (u INTEGER REFERENCES users (id));\n")
        self.refused("not_migrated", "--extension", "billing")
        core, = self.auto()
        self.assertNotIn("billing", core)
        billing, = self.auto(module="billing")
        head = re.search(r"-- revision: (\w+)", core).group(1)
        self.assertIn(f"-- depends_on: core:{head}\n", billing)
        self.assertIn("-- branch_labels: ext_billing\n", billing)
        self.assertNotIn("TABLE users", billing)
        for module in (None, "billing"):
            self.nothing(module=module)
        self.write("extensions/billing/DB_b.sql", "CREATE TABLE billing_b (u INTEGER REFERENCES users (id), n INTEGER);\n")
        again, = self.auto(module="billing")
        self.assertNotIn("depends_on", again)
        self.ok("upgrade", "--all")
        self.write("extensions/crm/DB_c.sql", "CREATE TABLE billing_b (n INTEGER);\n")
        error = self.refused("two_owners", "--extension", "crm")
        self.assertIn("extensions/billing/DB_b.sql:1", error["message"])
        self.write("extensions/crm/DB_c.sql", "CREATE TABLE IF NOT EXISTS billing_b (n INTEGER);\nCREATE TABLE crm_c (n INTEGER);\n")
        crm, = self.auto(module="crm")
        self.assertNotIn("billing_b", crm)
        self.nothing(module="billing")
        for text in ("ALTER TABLE users ADD COLUMN n INTEGER", "CREATE INDEX i ON users (id)"):
            self.write("extensions/crm/DB_c.sql", text + ";\n")
            self.refused("foreign_object", "--extension", "crm", origin="extensions/crm/DB_c.sql:1:1")
        self.write("extensions/crm/DB_c.sql", "CREATE TABLE crm_c (n INTEGER);\n")
        self.write("database/DB_u.sql", "CREATE TABLE users (id INTEGER PRIMARY KEY REFERENCES billing_b (u));\n")
        self.refused("core_needs_extension")

    def test_renames(self):
        self.write("database/DB_a.sql", "CREATE TABLE a (id INTEGER PRIMARY KEY, name TEXT);\n")
        self.auto()
        self.ok("upgrade")
        self.sql("INSERT INTO a (id, name) VALUES (1, 'x')")
        self.write("database/DB_a.sql", "CREATE TABLE b (id INTEGER PRIMARY KEY, title TEXT);\n")
        self.refused("bad_rename", "--rename", "a.nothing=title", code=2)
        self.refused("bad_rename", "--rename", "title", code=2)
        self.auto("--rename-table", "a=b", "--rename", "a.name=title")
        self.nothing()
        self.ok("upgrade")
        self.assertEqual([row[0] for row in self.sql("SELECT title FROM b")], ["x"])
        self.ok("downgrade", "-1")
        self.assertEqual([row[0] for row in self.sql("SELECT name FROM a")], ["x"])

    def test_a_person_is_asked(self):
        self.write("database/DB_a.sql", "CREATE TABLE a (id INTEGER PRIMARY KEY, name TEXT);\n")
        self.auto()
        self.write("database/DB_a.sql", "CREATE TABLE a (id INTEGER PRIMARY KEY, title TEXT);\n")
        script = f"echo y | {SKEIN} revision --auto -m change"  # no terminal: no question
        env = {**os.environ, **self.environment(), "SKEIN_PROJECT": self.project, "TERM": "xterm"}
        done = subprocess.run(["sh", "-c", script], capture_output=True, text=True, env=env, timeout=60, cwd=self.folder)
        self.assertEqual(done.returncode, 0, done)
        self.assertIn("DROP COLUMN name", pathlib.Path(done.stdout.strip()).read_text())
        self.assertNotIn("renamed", done.stderr)

    def test_no_models(self):
        self.core("a1", "CREATE TABLE a (id INTEGER);", "DROP TABLE a;")
        self.refused("no_models")

    def test_replay(self):
        self.core("a1", "CREATE TABLE a (id INTEGER PRIMARY KEY);", "DROP TABLE a;")
        self.core("a2", "CREATE TABLE b (id INTEGER);\nCREATE TABEL c (id INTEGER);", "DROP TABLE b;", revises="a1")
        self.write("database/DB_a.sql", "CREATE TABLE a (id INTEGER PRIMARY KEY);\n")
        before = self.files()
        result = self.skein("revision", "--auto", "-m", "x", database=False)
        self.assertEqual(result.code, 1, result)
        self.assertIn(f"{VERSIONS}/a2_step.sql:6:", result.err)
        self.assertEqual(self.files(), before)

    def test_a_folder_that_cannot_be_written(self):
        self.write("database/DB_a.sql", "CREATE TABLE a (id INTEGER PRIMARY KEY);\n")
        versions = pathlib.Path(self.project, VERSIONS)
        versions.rmdir()
        versions.write_text("a file")
        result = self.skein("revision", "--auto", "-m", "x", database=False)
        self.assertEqual(result.code, 1, result)
        self.assertIn(VERSIONS, result.err)
        self.assertEqual(versions.read_text(), "a file")

    def test_heads(self):
        self.core("a1", "CREATE TABLE a (id INTEGER PRIMARY KEY);", "DROP TABLE a;")
        self.core("b1", "CREATE TABLE b (id INTEGER PRIMARY KEY);", "DROP TABLE b;", revises="a1")
        self.core("b2", "CREATE TABLE c (id INTEGER PRIMARY KEY);", "DROP TABLE c;", revises="a1")
        self.write("database/DB_a.sql", "".join(f"CREATE TABLE {t} (id INTEGER PRIMARY KEY);\n" for t in "abcd"))
        self.refused("multiple_heads")
        made, = self.auto("--head", "b1")
        self.assertIn("-- revises: b1\n", made)
        self.assertIn("CREATE TABLE d", made)
        self.nothing("--head", "b2")

    def test_models_command(self):
        def program(text):
            path = os.path.join(self.project, "print-ddl")
            self.write("print-ddl", "#!/bin/sh\n" + text)
            os.chmod(path, stat.S_IRWXU)
        self.list("crm", models_command=["./print-ddl", "{module}", "{engine}"])
        program('[ "$2" = "$SKEIN_ENGINE" ] || exit 9\necho "CREATE TABLE ${1}_t (id INTEGER PRIMARY KEY);"\n')
        core, = self.auto()
        self.assertIn("CREATE TABLE core_t", core)
        crm, = self.auto(module="crm")
        self.assertIn("CREATE TABLE crm_t", crm)
        self.nothing()
        program("echo 'no such module' >&2\nexit 3\n")
        error = self.refused("models_command")
        self.assertIn("exit code 3", error["message"])
        self.assertIn("no such module", error["detail"])
        program("yes 'CREATE TABLE t (id INTEGER);'\n")
        self.assertIn("too much", self.refused("models_command")["message"])
        program('echo "CREATE TABLE $1 (id"\n')
        self.assertIn("print-ddl (core):1:", self.refused("bad_model")["origin"])
        os.unlink(os.path.join(self.project, "print-ddl"))
        self.refused("models_command")
        for command in ("./print-ddl", [], [1]):
            self.list("crm", models_command=command)
            self.refused("bad_models_command")

    def test_the_list(self):
        self.write("database/DB_a.sql", "CREATE TABLE a (id INTEGER PRIMARY KEY);\n")
        for engines in ("sqlite", [], ["mysql"], [1]):
            self.write(LIST, json.dumps({"extensions": [], "engines": engines}))
            self.refused("bad_engines", origin=f"{LIST}:1:20")

    def start(self, seconds=30):
        """An --auto that hangs in its models' command."""
        waits = pathlib.Path(self.folder, "waits")
        waits.unlink(missing_ok=True)
        self.list(models_command=["sh", "-c", f"echo waiting >&2; touch '{waits}'; sleep {seconds}"])
        env = {**os.environ, **self.environment(), "SKEIN_PROJECT": self.project}
        process = subprocess.Popen([SKEIN, "revision", "--auto", "-m", "x"], env=env, cwd=self.folder,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.addCleanup(process.kill)
        while not waits.exists():
            time.sleep(0.01)
        return process

    def test_interrupted(self):
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            process = self.start()
            before = self.files()
            process.send_signal(number)
            began = time.monotonic()
            _, err = process.communicate(timeout=20)
            self.assertLess(time.monotonic() - began, 10)
            self.assertEqual(process.returncode, 1, err)
            self.assertIn("stopped on request", err)
            self.assertEqual(self.files(), before)


class OnSqlite(Models, Case):
    engines = ["sqlite"]

    def environment(self):
        return {}

    def test_no_server_is_needed(self):
        self.write("database/DB_a.sql", "CREATE TABLE a (id INTEGER PRIMARY KEY);\n")
        self.write("database/DB_b.postgresql.sql", "CREATE TABLE b (id INTEGER);\n")
        self.write("database/DB_c.sqlite.sql", "CREATE TABLE c (id INTEGER);\n")
        made, = self.auto()
        self.assertNotIn("TABLE b", made)
        self.assertIn("TABLE c", made)

    def test_replays_what_has_no_transaction(self):
        self.core("a1", "CREATE TABLE a (id INTEGER PRIMARY KEY);", "DROP TABLE a;")
        self.core("a2", "VACUUM;", "", revises="a1", options="transaction:false")
        self.write("database/DB_a.sql", "CREATE TABLE a (id INTEGER PRIMARY KEY);\n")
        self.nothing()

    def test_against_a_database(self):
        self.write("database/DB_a.sql", "CREATE TABLE a (id INTEGER PRIMARY KEY);\n")
        self.auto()
        against = ["--against", self.url]
        self.sql("CREATE TABLE stranger (id INTEGER)")
        self.refused("not_up_to_date", *against)
        self.ok("upgrade")
        self.nothing(*against)
        self.sql("ALTER TABLE a ADD COLUMN drift TEXT")
        size = os.path.getsize(self.file)
        made, = self.auto(*against)
        self.assertIn("DROP COLUMN drift", made)
        self.assertNotIn("stranger", made)
        self.assertEqual(os.path.getsize(self.file), size)

    def test_a_terminal_asks(self):
        self.write("database/DB_a.sql", "CREATE TABLE a (id INTEGER PRIMARY KEY, name TEXT);\n")
        self.auto()
        self.write("database/DB_a.sql", "CREATE TABLE a (id INTEGER PRIMARY KEY, title TEXT);\n")
        env = {**os.environ, "SKEIN_PROJECT": self.project, "TERM": "xterm"}
        code, out = on_terminal(["sh", "-c", f"{SKEIN} revision --auto -m x"], 100, env, self.folder, answer="y\n")
        self.assertEqual(code, 0, out)
        self.assertIn("Was column a.name renamed to title?", out)
        self.nothing()


@unittest.skipUnless(PG_FOLDER, "no PostgreSQL server")
class OnPostgres(Models, Postgres):
    engines = ["postgresql"]

    def scratches(self):
        return self.psql("SELECT count(*) FROM pg_database WHERE datname LIKE 'skein_scratch_%'", "postgres")[0][0]

    def test_circular_keys_are_named_as_in_place(self):
        tables = ("CREATE TABLE a (id int PRIMARY KEY, b int REFERENCES b ON DELETE CASCADE, "
                  "c int CONSTRAINT named REFERENCES b (id));\n"
                  "CREATE TABLE b (id int PRIMARY KEY, a int, FOREIGN KEY (a) REFERENCES a DEFERRABLE);\n")
        self.write("database/DB_a.sql", tables)
        self.auto()
        self.nothing()
        self.ok("upgrade")
        names = [row[0] for row in self.psql("SELECT conname FROM pg_constraint WHERE contype = 'f' ORDER BY 1")]
        self.assertEqual(names, ["a_b_fkey", "b_a_fkey", "named"])

    def test_long_names(self):
        self.write("database/DB_a.sql", f"CREATE TABLE t (\n  {'n' * 64} int);\n")
        self.refused("name_too_long", origin="database/DB_a.sql:2:3")

    def test_no_scratch_server(self):
        self.write("database/DB_a.sql", "CREATE TABLE t (id int);\n")
        self.refused("no_scratch", code=2, env={"SKEIN_SCRATCH_URL": ""})
        self.refused("no_scratch", code=2, env={"SKEIN_SCRATCH_URL": "sqlite:///x.db"})
        error = self.refused("no_server", env={"SKEIN_SCRATCH_URL": "postgresql:///x?host=/nowhere&password=secret"})
        self.assertNotIn("secret", json.dumps(error))

    def test_indexes_concurrently(self):
        self.write("database/DB_a.sql", "CREATE TABLE t (id int, a int);\n")
        self.auto()
        self.write("database/DB_a.sql", "CREATE TABLE t (id int, a int, b int);\nCREATE INDEX i ON t (a);\n")
        plain, alone = self.auto("--concurrently")
        self.assertIn("ADD COLUMN b", plain)
        self.assertIn("-- migrate:up transaction:false\nCREATE INDEX CONCURRENTLY", alone)
        self.assertIn("-- migrate:down transaction:false\nDROP INDEX CONCURRENTLY", alone)
        self.assertIn(f"-- revises: {re.search(r'-- revision: (.*)', plain).group(1)}\n", alone)
        self.nothing()
        self.ok("upgrade")
        self.ok("downgrade", "-1")
        self.ok("downgrade", "-1")

    def test_replays_what_has_no_transaction(self):
        self.core("a1", "CREATE TABLE a (id INTEGER PRIMARY KEY);", "DROP TABLE a;")
        self.core("a2", "CREATE INDEX CONCURRENTLY i ON a (id);", "DROP INDEX i;", revises="a1",
                  options="transaction:false")
        self.write("database/DB_a.sql", "CREATE TABLE a (id INTEGER PRIMARY KEY);\nCREATE INDEX i ON a (id);\n")
        self.nothing()

    def test_nothing_is_left_on_the_server(self):
        """Interrupted while a migration runs: its database goes. Killed: the next run drops it."""
        self.core("a1", "SELECT pg_sleep(30);", "")
        self.write("database/DB_a.sql", "CREATE TABLE a (id INTEGER PRIMARY KEY);\n")
        env = {**os.environ, **self.environment(), "SKEIN_PROJECT": self.project}
        for number in (signal.SIGINT, signal.SIGKILL):
            process = subprocess.Popen([SKEIN, "revision", "--auto", "-m", "x"], env=env, cwd=self.folder,
                                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            self.addCleanup(process.kill)
            mine = []
            while not mine:
                mine = self.psql("SELECT datname FROM pg_stat_activity WHERE query LIKE '%pg_sleep(30)%' "
                                 "AND datname LIKE 'skein_scratch_%'", "postgres")
            process.send_signal(number)
            process.wait(20)
            query = f"SELECT count(*) FROM pg_database WHERE datname = '{mine[0][0]}'"
            if number == signal.SIGINT:
                self.assertEqual(self.psql(query, "postgres")[0][0], "0")
        os.unlink(f"{self.project}/{VERSIONS}/a1_step.sql")
        for _ in range(20):
            self.auto("--head", "base", "--splice") if not list(pathlib.Path(self.project, VERSIONS).iterdir()) else self.nothing()
            if self.psql(query, "postgres")[0][0] == "0":
                return
            time.sleep(0.2)
        self.fail("the database of a killed process is still there")


@unittest.skipUnless(PG_FOLDER, "no PostgreSQL server")
class OnBoth(Project, Postgres):
    engines = ["postgresql", "sqlite"]

    def test_sections(self):
        self.write("database/DB_a.sql", "CREATE TABLE a (id INTEGER PRIMARY KEY, n INTEGER);\n")
        self.write("database/DB_b.sqlite.sql", "CREATE TABLE b (id INTEGER);\n")
        made, = self.auto()
        self.assertIn("-- migrate:up postgresql\n", made)
        self.assertIn("-- migrate:up sqlite\n", made)
        self.assertNotIn("TABLE b", made.split("-- migrate:up sqlite")[0])
        self.nothing()
        self.write("database/DB_a.sql", "CREATE TABLE a (id INTEGER PRIMARY KEY, n INTEGER);\nCREATE INDEX i ON a (n);\n")
        made, = self.auto()
        self.assertIn("-- migrate:up\nCREATE INDEX i ON a (n);\n\n-- migrate:down\nDROP INDEX i;\n", made)
        self.nothing()


if __name__ == "__main__":
    unittest.main(verbosity=2)
