#!/usr/bin/env python3
"""Squashed histories with the real `skein`, on both engines: databases at every position find their way."""

import glob
import json
import os
import unittest

from cli_support import Case, PG_FOLDER, Postgres, SKEIN  # noqa: F401

VERSIONS = "database/migrations/versions"


class Histories:
    """r1 .. r6 with data; r2:r5 is what is squashed."""

    def setUp(self):
        super().setUp()
        self.core("r1", "CREATE TABLE a (id int PRIMARY KEY);", "DROP TABLE a;", message="one")
        self.core("r2", "CREATE TABLE b (id int);\nINSERT INTO b VALUES (2) -- no semicolon", "DROP TABLE b;", revises="r1")
        self.core("r3", "ALTER TABLE b ADD COLUMN name text;\nUPDATE b SET name = 'x; -- migrate' WHERE id = 2;",
                  "ALTER TABLE b DROP COLUMN name", revises="r2", labels="named", message="add names")
        self.core("r4", "-- nothing here", revises="r3")
        self.core("r5", "INSERT INTO b VALUES (5, 'five');", "DELETE FROM b WHERE id = 5;", revises="r4",
                  extra="-- migrate:verify\nSELECT count(*) = 2 FROM b;")
        self.core("r6", "CREATE TABLE c (id int);", "DROP TABLE c;", revises="r5")

    def squash(self, *args, range="r2:r5"):
        return self.ok("squash", range, "-m", "All of b", "--format", "json", *args, database=False).json

    def revisions(self, *args):
        return self.ok("history", "--format", "json", *args, database=False).json["revisions_in_order"]

    def steps(self, result):
        return [line.split(",")[0] for line in result.err.splitlines() if line.startswith("Running")]

    def check_b(self):
        self.assertEqual([tuple(map(str, row)) for row in self.sql("SELECT id, name FROM b ORDER BY id")],
                         [("2", "x; -- migrate"), ("5", "five")])


class Positions(Histories):
    """The same test from everywhere."""

    def position(self, at, up, down):
        if at != "base":
            self.ok("upgrade", at)
        self.squash()
        self.assertEqual(self.revisions(), ["r6", "r5", "r1"])
        self.assertEqual(self.steps(self.ok("upgrade", "head")), up)
        self.assertEqual(self.rows(), ["r6"])
        self.assertTrue({"a", "b", "c"} <= self.tables())
        self.check_b()
        self.ok("check-heads")
        self.ok("verify")
        self.assertEqual(self.steps(self.ok("downgrade", "base")), down)
        self.assertEqual(self.rows(), [])
        self.assertFalse({"a", "b", "c"} & self.tables())

    ALL_DOWN = ["Running downgrade r6 -> r5", "Running downgrade r5 -> r1", "Running downgrade r1 -> "]

    def test_fresh(self):
        self.position("base", ["Running upgrade  -> r1", "Running upgrade r1 -> r5", "Running upgrade r5 -> r6"],
                      self.ALL_DOWN)

    def test_before(self):
        self.position("r1", ["Running upgrade r1 -> r5", "Running upgrade r5 -> r6"], self.ALL_DOWN)

    def test_first(self):
        self.position("r2", ["Running upgrade r2 -> r3", "Running upgrade r3 -> r4", "Running upgrade r4 -> r5",
                             "Running upgrade r5 -> r6"], self.ALL_DOWN)

    def test_middle(self):
        self.position("r3", ["Running upgrade r3 -> r4", "Running upgrade r4 -> r5", "Running upgrade r5 -> r6"],
                      self.ALL_DOWN)

    def test_last_inside(self):
        self.position("r4", ["Running upgrade r4 -> r5", "Running upgrade r5 -> r6"], self.ALL_DOWN)

    def test_top(self):
        self.position("r5", ["Running upgrade r5 -> r6"], self.ALL_DOWN)

    def test_beyond(self):
        self.position("r6", [], self.ALL_DOWN)

    def test_to_the_inside_and_back(self):
        self.squash()
        self.ok("upgrade", "named")
        self.assertEqual(self.rows(), ["r3"])
        self.assertEqual(self.ok("current").out, "r3\n")
        self.ok("upgrade", "+1")
        self.assertEqual(self.rows(), ["r4"])
        self.ok("upgrade", "head")
        self.assertEqual(self.steps(self.ok("downgrade", "r2")),
                         ["Running downgrade r6 -> r5", "Running downgrade r5 -> r4", "Running downgrade r4 -> r3",
                          "Running downgrade r3 -> r2"])
        self.assertEqual(self.rows(), ["r2"])
        self.assertEqual(self.steps(self.ok("downgrade", "-1")), ["Running downgrade r2 -> r1"])

    def test_failed_verify_rolls_the_whole_range_back(self):
        made = self.squash()
        path = os.path.join(self.project, made["path"])
        with open(path) as file:
            text = file.read()
        with open(path, "w") as file:
            file.write(text.replace("count(*) = 2", "count(*) = 3"))
        result = self.skein("upgrade", "head")
        self.assertEqual(result.code, 1, result)
        self.assertEqual((self.rows() if "alembic_version" in self.tables() else []), [])
        self.assertNotIn("b", self.tables())

    def test_edited(self):
        self.squash()
        self.ok("upgrade", "head")
        path = glob.glob(os.path.join(self.project, VERSIONS, "r5_*.sql"))[0]
        with open(path, "a") as file:
            file.write("-- another byte\n")
        self.assertEqual(self.skein("verify").code, 3)

    def test_files_removed_later(self):
        self.ok("upgrade", "r6")
        self.squash()
        for name in glob.glob(os.path.join(self.project, VERSIONS, "squashed/*.sql")):
            os.remove(name)
        self.ok("verify")
        self.ok("check-heads")
        self.assertEqual(self.revisions(), ["r6", "r5", "r1"])
        self.ok("downgrade", "r1")
        self.ok("upgrade", "head")
        self.check_b()

    def test_taken_back(self):
        self.ok("upgrade", "r3")
        made = self.squash()
        os.remove(os.path.join(self.project, made["path"]))
        self.assertEqual(self.revisions(), ["r6", "r5", "r4", "r3", "r2", "r1"])
        self.ok("upgrade", "head")
        self.ok("verify")

    def test_squashed_again(self):
        self.squash(range="r2:r3")
        self.assertEqual(self.revisions(), ["r6", "r5", "r4", "r3", "r1"])
        self.ok("upgrade", "r3")
        made = self.squash(range=":r5")
        self.assertEqual(made["replaces"], ["r1", "r2", "r3", "r4"])
        self.assertEqual(self.revisions(), ["r6", "r5"])
        self.ok("verify")
        self.ok("upgrade", "head")
        self.check_b()
        self.assertEqual(self.steps(self.ok("downgrade", "base")), ["Running downgrade r6 -> r5", "Running downgrade r5 -> "])
        self.ok("upgrade", "head")
        self.check_b()
        self.ok("verify")


class Sqlite(Positions, Case):
    def test_proof(self):
        made = self.squash(range="base:r6")
        self.assertEqual(made["proofs"], [{"engine": "sqlite", "proven": True, "reason": None}])

    def test_no_proof_where_nothing_runs(self):
        """SQL of another engine, and nobody has said which: a note, no refusal."""
        self.core("r7", "CREATE TABLE d (id int) TABLESPACE x;", "DROP TABLE d;", revises="r6")
        made = self.squash(range="r6:r7")
        self.assertFalse(made["proofs"][0]["proven"])
        self.assertIn("syntax error", made["proofs"][0]["reason"])

    def test_a_difference_is_found(self):
        """An inner squashed revision was rewritten by hand: the outer one would do something else."""
        inner = os.path.join(self.project, self.squash(range="r2:r3")["path"])
        with open(inner) as file:
            text = file.read()
        with open(inner, "w") as file:
            file.write(text.replace("CREATE TABLE b (id int);", "CREATE TABLE b (id int);\nCREATE TABLE more (id int);"))
        before = sorted(glob.glob(os.path.join(self.project, "**"), recursive=True))
        result = self.fails(3, "does not do what it replaces", "squash", "base:r5", "-m", "x", database=False)
        self.assertIn("more", result.err)
        self.assertEqual(sorted(glob.glob(os.path.join(self.project, "**"), recursive=True)), before)

    def test_rebuilds(self):
        """foreign_keys is switched off for the whole range, and what dangles is found."""
        self.core("r7", "PRAGMA foreign_keys=OFF;\nCREATE TABLE p (id int PRIMARY KEY);\n"
                        "CREATE TABLE q (p int REFERENCES p(id));\nPRAGMA foreign_keys = ON;", "DROP TABLE q; DROP TABLE p;",
                  revises="r6")
        self.core("r8", "PRAGMA foreign_keys = 0;\nCREATE TABLE p2 (id int PRIMARY KEY, n int);\nINSERT INTO p2 SELECT id, 0 "
                        "FROM p;\nDROP TABLE p;\nALTER TABLE p2 RENAME TO p;", "SELECT 1;", revises="r7")
        made = self.squash(range="base:r8")
        with open(os.path.join(self.project, made["path"])) as file:
            text = file.read()
        self.assertEqual(text.lower().count("pragma foreign_keys"), 1, text)
        self.ok("upgrade", "head")
        self.check_b()
        self.assertEqual([row[1] for row in self.sql("PRAGMA table_info(p)")], ["id", "n"])
        self.ok("downgrade", "base")
        self.core("r9", "PRAGMA foreign_keys=ON;\nSELECT 1;", "SELECT 1;", revises="r8")
        self.fails(1, "foreign_keys", "squash", "base:r9", "-m", "x", database=False)

    def test_nothing_is_left_of_a_refusal(self):
        before = sorted(glob.glob(os.path.join(self.project, "**"), recursive=True))
        self.extensions("billing")
        self.extension("billing", "b1", "SELECT 1;", "SELECT 1;", labels="ext_billing", depends="core:r3")
        self.core("r7", "CREATE INDEX CONCURRENTLY i ON a (id);", "DROP INDEX i;", revises="r6", options="transaction:false")
        self.core("r8", "SELECT 1;", "SELECT 1;", revises="r7")
        files = sorted(glob.glob(os.path.join(self.project, "**"), recursive=True))
        self.assertLess(len(before), len(files))
        for kind, code, *args in (("not_squashable", 1, "r6:r8"), ("nothing_to_squash", 1, "r3:r3"),
                                  ("not_ancestor", 1, "r5:r2"), ("range_syntax", 2, "r5"), ("unknown_revision", 1, "r2:zzz")):
            result = self.skein("squash", *args, "-m", "x", "--format", "json", database=False)
            self.assertEqual((result.code, result.json["error"]["code"]), (code, kind), result)
        self.assertEqual(self.skein("squash", "r2:r5", database=False).code, 2)
        self.ok("upgrade", "r4")
        result = self.fails(8, "has not applied the whole range", "squash", "r2:r5", "-m", "x")
        self.assertIn("core=r4", result.err)
        self.ok("squash", "r2:r5", "-m", "x", "--dry-run", "--force")
        self.assertEqual(sorted(glob.glob(os.path.join(self.project, "**"), recursive=True)), files)
        self.ok("squash", "r2:r5", "-m", "x", "--force")
        result = self.skein("squash", "r3:r6", "-m", "y", "--format", "json", database=False)
        self.assertEqual(result.json["error"]["code"], "squash_overlap", result)

    def test_interrupted_and_run_again(self):
        """Files that were moved already are read where they are."""
        os.makedirs(os.path.join(self.project, VERSIONS, "squashed"))
        for id in ("r2", "r3"):
            os.rename(os.path.join(self.project, VERSIONS, f"{id}_step.sql"),
                      os.path.join(self.project, VERSIONS, "squashed", f"{id}_step.sql"))
        self.assertEqual(self.revisions(), ["r6", "r5", "r4", "r3", "r2", "r1"])
        self.ok("upgrade", "r4")
        self.assertEqual(len(self.squash()["moved"]), 2)
        self.ok("upgrade", "head")

    def test_extensions(self):
        self.extensions("billing", "shop")
        self.extension("billing", "b1", "CREATE TABLE billing_a (x int);", "DROP TABLE billing_a;", labels="ext_billing",
                       depends="core:r3")
        self.extension("billing", "b2", "CREATE TABLE billing_b (x int);", "DROP TABLE billing_b;", revises="b1",
                       depends="core:r6")
        self.extension("shop", "s1", "CREATE TABLE shop_a (x int);", "DROP TABLE shop_a;", labels="ext_shop",
                       depends="billing:b1")
        self.squash("--extension", "billing", range="base:b2")
        self.squash()
        plan = self.ok("plan", "upgrade", "heads", "--all", "--from", "core=", "--format", "json").json
        self.assertEqual([step["revision"] for step in plan["steps"]], ["r1", "r5", "r6", "b2", "s1"])
        self.ok("upgrade", "heads", "--all")
        self.fails(1, "depend on what would go", "downgrade", "base")
        self.ok("downgrade", "base", "--cascade")
        self.assertEqual(self.rows(), [])

    def test_engines_and_timeouts(self):
        self.write(f"{VERSIONS}/r7_x.sql", "-- revision: r7\n-- revises: r6\n-- migrate:up sqlite lock_timeout:9s\nSELECT 7;\n"
                   "-- migrate:up postgresql statement_timeout:5s\nSELECT 77;\n-- migrate:down\nSELECT 70;\n")
        made = self.squash("--dry-run", range="r6:head")
        self.assertIn("-- migrate:up postgresql\n", made["text"])
        self.assertIn("-- migrate:up sqlite lock_timeout:9000ms\n", made["text"])
        self.assertEqual(made["text"].count("-- migrate:down"), 1)
        self.assertEqual(made["irreversible"], [])


class PostgreSQL(Positions, Postgres):
    def test_proof(self):
        made = self.squash("--scratch", self.url)
        self.assertEqual(made["proofs"], [{"engine": "postgresql", "proven": True, "reason": None}])
        self.assertEqual(self.tables(), set())

    def test_functions_and_fresh(self):
        self.core("r7", "CREATE FUNCTION f() RETURNS int LANGUAGE plpgsql AS $$ BEGIN RETURN 1; END $$",
                  "DROP FUNCTION f()", revises="r6")
        self.core("r8", "CREATE VIEW v AS SELECT f() AS x", "DROP VIEW v", revises="r7")
        self.squash(range="r6:r8")
        self.ok("upgrade", "head")
        self.assertEqual(self.psql("SELECT x FROM v"), [("1",)])
        self.ok("downgrade", "r5")
        self.ok("upgrade", "head")


if __name__ == "__main__":
    unittest.main()
