#!/usr/bin/env python3
"""The README of the extensible migration system that skein began from, step by step, on both engines.

Its layout (everything below src/), its two ways of adding an extension, upgrade, downgrade, history, current, revision,
init, debug, fix: what was `python src/database/migrations/Migration.py COMMAND` is `skein COMMAND`.
"""

import json
import os
import pathlib
import re
import shutil
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../integration"))
from cli_support import PG_FOLDER, Case, Postgres  # noqa: E402

LIST = "database/migrations/migration_extensions.json"


class Walk:
    """In a project with core models and nothing else."""

    def setUp(self):
        super().setUp()
        shutil.rmtree(self.project)
        self.root = pathlib.Path(self.project, "src")
        (self.root / "database").mkdir(parents=True)
        self.ok("init", "--project", self.project)
        self.model("database/DB_users.sql", "CREATE TABLE users (id INTEGER PRIMARY KEY, name VARCHAR(80) NOT NULL);\n")

    def model(self, path, text):
        path = self.root / path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def skein(self, *args, env=None, **kwargs):
        scratch = {"SKEIN_SCRATCH_URL": f"postgresql:///postgres?host={PG_FOLDER}&user=skein"} if self.engine == "postgresql" else {}
        return super().skein(*args, env={**scratch, **(env or {})}, **kwargs)

    def revision(self, *args):
        """The id of the one revision that it makes."""
        path = pathlib.Path(self.ok("revision", *args).out.strip())
        self.assertTrue(path.is_file(), path)
        return re.search(r"^-- revision: (\S+)$", path.read_text(), re.M)[1]

    def current(self, *args):
        return [line.split()[0] for line in self.ok("current", *args).out.splitlines()]

    def begin_core(self):
        first = self.revision("-m", "create users", "--auto")
        self.ok("upgrade")
        self.assertIn("users", self.tables())
        return first

    def test_core(self):
        first = self.begin_core()
        self.assertEqual(self.current(), [first])
        self.model("database/DB_users.sql", "CREATE TABLE users (id INTEGER PRIMARY KEY, name VARCHAR(80) NOT NULL, email TEXT);\n"
                                            "CREATE INDEX users_email ON users (email);\n")
        second = self.revision("-m", "add email", "--auto")
        empty = self.revision("-m", "to be filled in")
        self.ok("upgrade", "--target", second)
        self.assertEqual(self.current(), [second])
        history = self.ok("history").out
        self.assertEqual(re.findall(r"-> (\w+)", history), [empty, second, first])
        self.ok("upgrade")
        self.ok("downgrade", "--target", first)
        self.assertEqual(self.current(), [first])
        self.ok("downgrade", "--target", "base")
        self.assertNotIn("users", self.tables())

    def test_method_1_the_helper(self):
        self.begin_core()
        self.ok("init-extension", "new_extension")
        self.assertEqual(json.loads((self.root / LIST).read_text()), {"extensions": ["new_extension"], "auto_discover": False})
        folder = self.root / "extensions/new_extension"
        self.assertTrue((folder / "DB_new_extension.sql").is_file())
        [path] = (folder / "migrations/versions").glob("*.sql")
        self.assertIn("-- branch_labels: ext_new_extension\n", path.read_text())
        self.assertIn("new_extension_items", self.tables())
        self.assertEqual(len(self.current("--extension", "new_extension")), 1)
        self.assertEqual(self.ok("revision", "--auto", "-m", "x", "--extension", "new_extension").out, "")

    def test_method_2_by_hand(self):
        self.begin_core()
        self.model("extensions/new_extension/DB_NewExtension.sql",
                   "CREATE TABLE new_extension_things (id INTEGER PRIMARY KEY, user_id INTEGER REFERENCES users (id));\n")
        (self.root / LIST).write_text('{"extensions": ["new_extension"], "auto_discover": false}')
        self.ok("init", "--extension", "new_extension")
        first = self.revision("--extension", "new_extension", "-m", "Initial migration", "--auto")
        self.ok("upgrade", "--extension", "new_extension")
        self.assertIn("new_extension_things", self.tables())
        self.assertEqual(self.current("--extension", "new_extension"), [first])
        self.assertIn("ext_new_extension", self.ok("history", "--extension", "new_extension").out)

    def test_histories_are_independent(self):
        core = self.begin_core()
        self.ok("init-extension", "billing")
        self.ok("init-extension", "search", "--skip-apply")
        self.assertNotIn("search_items", self.tables())
        self.ok("upgrade", "--all")
        self.assertIn("search_items", self.tables())
        self.ok("downgrade", "--extension", "billing", "--target", "base")
        self.assertNotIn("billing_items", self.tables())
        self.assertTrue({"users", "search_items"} <= self.tables())
        self.assertEqual(self.current(), [core])
        self.ok("downgrade", "--all", "--target", "base")
        self.assertEqual({t for t in self.tables() if not t.startswith(("alembic_", "skein_", "sqlite_"))}, set())

    def test_each_module_migrates_its_own_tables(self):
        self.begin_core()
        self.ok("init-extension", "billing")
        self.model("database/DB_users.sql", "CREATE TABLE users (id INTEGER PRIMARY KEY, name VARCHAR(80) NOT NULL, n INTEGER);\n")
        self.model("extensions/billing/DB_more.sql", "CREATE TABLE billing_more (id INTEGER PRIMARY KEY);\n")
        texts = [pathlib.Path(self.ok("revision", "-m", "x", "--auto", *args).out.strip()).read_text()
                 for args in ([], ["--extension", "billing"])]
        self.assertTrue("users" in texts[0] and "billing_more" not in texts[0])
        self.assertTrue("billing_more" in texts[1] and "users" not in texts[1])
        self.ok("upgrade", "--all")
        self.assertIn("billing_more", self.tables())

    def test_which_extensions_count(self):
        self.begin_core()
        for name in ("one", "two"):
            self.ok("init-extension", name, "--skip-apply")
        env = {"OVERRIDE_EXTENSION_LIST": '["two"]'}
        self.ok("upgrade", "--all", env=env)
        self.assertTrue("two_items" in self.tables() and "one_items" not in self.tables())
        (self.root / LIST).write_text('{"extensions": [], "auto_discover": true}')
        self.ok("upgrade", "--all")
        self.assertIn("one_items", self.tables())

    def test_debug_and_fix(self):
        self.begin_core()
        self.ok("init-extension", "billing")
        self.model("extensions/billing/DB_users.sql", "CREATE TABLE users (id INTEGER PRIMARY KEY);\n")
        self.assertIn("users is created by billing", self.ok("debug").out)
        result = self.skein("revision", "--auto", "-m", "x", "--extension", "billing")
        self.assertEqual(result.code, 1, result)
        self.assertIn("extensions/billing/DB_users.sql:1:1", result.err)
        self.ok("fix-tables", "--extension", "billing")
        self.assertEqual((self.root / "extensions/billing/DB_users.sql").read_text(),
                         "CREATE TABLE IF NOT EXISTS users (id INTEGER PRIMARY KEY);\n")
        self.assertEqual(self.ok("revision", "--auto", "-m", "x", "--extension", "billing").out, "")
        report = self.ok("debug", "--format", "json").json
        self.assertEqual(report["findings"], [])
        self.assertIn({"module": "core", "table": "users", "declared": "database/DB_users.sql:1"}, report["tables"])
        self.assertTrue(report["database"]["reachable"])


class OnSqlite(Walk, Case):
    engine = "sqlite"


class OnPostgresql(Walk, Postgres):
    engine = "postgresql"


if __name__ == "__main__":
    unittest.main()
