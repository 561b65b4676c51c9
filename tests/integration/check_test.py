#!/usr/bin/env python3
"""`skein check` with the real program: every kind of finding, what is left out, and why."""

import os
import unittest

from cli_support import Case, Postgres


class Check(Case):
    def setUp(self):
        super().setUp()
        self.core("a1", "CREATE TABLE a (id int);", "DROP TABLE a;")
        self.core("a2", "CREATE TABLE b (id int);", "DROP TABLE b;", revises="a1")

    def found(self, *args, database=False):
        result = self.skein("check", "--format", "json", *args, database=database)
        self.assertEqual(result.code, 3 if result.json["findings"] else 0, result)
        for finding in result.json["findings"]:
            self.assertTrue(finding["message"] and finding["hint"], finding)
        return [(f["check"], f["module"], f["code"], f["path"] and os.path.basename(f["path"])) for f in result.json["findings"]]

    def skipped(self, *args, database=False):
        return [s["check"] for s in self.skein("check", "--format", "json", *args, database=database).json["skipped"]]

    def test_nothing_wrong(self):
        self.assertEqual(self.found(), [])
        self.assertIn("edited", self.skipped())
        result = self.ok("check", database=False)
        self.assertIn("not checked: edited: no database was named", result.err)
        self.assertEqual(result.out, "")
        self.ok("upgrade", "head")
        self.assertEqual(self.found(database=True), [])
        self.assertNotIn("edited", self.skipped(database=True))

    def test_everything_wrong(self):
        self.ok("upgrade", "head")
        self.core("a2", "CREATE TABLE b (id bigint);", "DROP TABLE b;", revises="a1")
        self.core("a3", "CREATE TABLE c (id int);", revises="a2")
        self.core("a4", "CREATE TABLE d (id int);", "DROP TABLE d;", revises="a2")
        self.assertEqual(self.found(database=True), [("heads", "core", "several_heads", None),
                                                     ("down", "core", "missing_down", "a3_step.sql"),
                                                     ("edited", "core", "edited", "a2_step.sql")])
        self.assertEqual(self.found("--only", "heads", database=True), [("heads", "core", "several_heads", None)])
        self.assertEqual(self.found("--skip", "heads", "--skip", "edited", database=True),
                         [("down", "core", "missing_down", "a3_step.sql")])
        self.assertEqual(self.skipped("--skip", "edited"), [s for s in self.skipped() if s != "edited"])
        result = self.skein("check", database=False)
        self.assertEqual(result.code, 3)
        self.assertIn("core: there are 2 heads: a3, a4\n  hint: join them: skein merge heads", result.out)
        self.ok("merge", "heads", "-m", "joined", database=False)
        self.assertEqual(self.found("--only", "heads"), [])

    def test_down(self):
        """For one engine; a revision that does nothing; and what a squashed revision replaces."""
        self.write("database/migrations/versions/a3_x.sql", "-- revision: a3\n-- revises: a2\n-- migrate:up sqlite\nSELECT 1;\n"
                   "-- migrate:up postgresql\nSELECT 2;\n-- migrate:down sqlite\nSELECT 3;\n")
        self.core("a4", "-- for a reason\n", revises="a3")
        self.assertEqual(self.found(), [("down", "core", "missing_down", "a3_x.sql")])
        self.assertIn("for postgresql", self.skein("check", database=False).out)
        self.ok("squash", "a2:a4", "-m", "all", database=False)
        self.assertEqual(self.found(), [("down", "core", "missing_down", "a4_all.sql")])

    def test_modules(self):
        self.extensions("billing")
        self.extension("billing", "b1", "SELECT 1;", labels="ext_billing")
        self.assertEqual(self.found(), [])
        self.assertEqual(self.found("--extension", "billing"), [("down", "billing", "missing_down", "b1_step.sql")])
        self.assertEqual(self.found("--all"), [("down", "billing", "missing_down", "b1_step.sql")])

    def test_database_that_went_another_way(self):
        self.ok("upgrade", "head")
        self.sql("UPDATE alembic_version SET version_num = 'zz'")
        self.assertEqual(self.found(database=True), [("edited", "core", "unknown_revision", None)])
        self.ok("stamp", "a2", "--purge")
        self.ok("detach")
        self.assertEqual(self.found(database=True), [])
        self.assertIn("edited", self.skipped(database=True))

    def test_models_on_sqlite(self):
        self.assertIn("models", self.skipped())
        self.write("database/DB_all.sql", "CREATE TABLE a (id int);\nCREATE TABLE b (id int, name text);\n")
        self.assertEqual(self.found(), [("models", "core", "models_differ", None)])
        result = self.skein("check", database=False)
        self.assertIn("name", result.out)
        self.assertIn("skein revision --auto", result.out)
        self.assertEqual(self.found("--skip", "models"), [])
        self.write("database/DB_all.sql", "CREATE TABLE a (id int);\nCREATE TABLE b (id int);\n")
        self.assertEqual(self.found(), [])
        self.assertNotIn("models", self.skipped())
        self.write("database/DB_all.sql", "CREATE TABLE a (id int;\n")
        result = self.skein("check", "--format", "json", database=False)
        self.assertEqual((result.code, "DB_all.sql" in result.out), (1, True), result)

    def test_what_is_no_finding(self):
        self.assertEqual(self.found("--only", "edited", database=True), [])
        self.assertEqual(self.skipped("--only", "edited", database=True), ["edited"])
        self.fails(1, "no such file", "check", "--database", "sqlite:///missing.db", database=False)
        self.fails(2, "--only", "check", "--only", "nothing", database=False)
        self.core("a3", "SELECT 1;", revises="nowhere")
        result = self.skein("check", "--format", "json", database=False)
        self.assertEqual((result.code, result.json["error"]["code"]), (1, "missing_parent"))


class OnPostgres(Postgres):
    def test_models(self):
        self.core("a1", "CREATE TABLE a (id int);", "DROP TABLE a;")
        self.write("database/migrations/migration_extensions.json", '{"extensions": [], "engines": ["postgresql"]}')
        self.write("database/DB_all.sql", "CREATE TABLE a (id integer);\n")
        skipped = self.ok("check", "--format", "json", "--only", "models", database=False).json["skipped"]
        self.assertIn("--scratch", skipped[0]["reason"])
        self.ok("check", "--scratch", self.url, database=False)
        self.write("database/DB_all.sql", "CREATE TABLE a (id integer, n integer);\n")
        result = self.skein("check", "--scratch", self.url, database=False)
        self.assertEqual(result.code, 3, result)
        self.assertIn("ADD COLUMN", result.out)
        self.assertEqual(self.tables(), set())


if __name__ == "__main__":
    unittest.main()
