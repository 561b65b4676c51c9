#!/usr/bin/env python3
"""skein lint with the real program: what is chosen, formats, exit codes, and input that nobody should have written."""

import glob
import json
import os
import shutil
import time
import unittest

from cli_support import Case, ROOT, SKEIN, on_terminal

VERSIONS = "database/migrations/versions"
DROP = "DROP TABLE old;"


class Lint(Case):
    def lint(self, *args, **kwargs):
        return self.skein("lint", *args, database=False, **kwargs)

    def rules(self, *args, **kwargs):
        result = self.lint(*args, "--format", "json", **kwargs)
        self.assertIn(result.code, (0, 3), result)
        return [(f["path"].rsplit("/", 1)[-1].split("_")[0], f["rule"]) for f in result.json["findings"]]

    def raw(self, name, data):
        path = os.path.join(self.project, VERSIONS, name)
        with open(path, "wb") as file:
            file.write(data)
        return path


class Choice(Lint):
    def setUp(self):
        super().setUp()
        self.core("a1", "CREATE TABLE users (id integer);", "DROP TABLE users;")
        self.core("a2", DROP, "", revises="a1")
        self.extensions("billing")
        self.extension("billing", "b1", "DELETE FROM billing_x;", "", labels="ext_billing")

    def test_everything(self):
        self.assertEqual(self.rules(), [("a2", "drop_table"), ("b1", "delete_all_rows")])
        self.assertIn("3 revisions checked: 0 errors, 2 warnings, 0 notices\n", self.lint().out)

    def test_by_name(self):
        self.assertEqual(self.rules("a1"), [])
        self.assertEqual(self.rules("a2"), [("a2", "drop_table")])
        self.assertEqual(self.rules("b1"), [("b1", "delete_all_rows")])
        self.assertEqual(self.rules("heads"), [("a2", "drop_table"), ("b1", "delete_all_rows")])
        self.assertEqual(self.rules("head", "--extension", "billing"), [("b1", "delete_all_rows")])
        self.assertEqual(self.rules("a1:a2"), [("a2", "drop_table")])
        self.assertEqual(self.rules("--extension", "billing"), [("b1", "delete_all_rows")])

    def test_by_file(self):
        path = f"{VERSIONS}/a2_step.sql"
        self.assertEqual(self.rules(path, cwd=self.project), [("a2", "drop_table")])
        self.assertEqual(self.rules(os.path.join(self.project, path)), [("a2", "drop_table")])
        shutil.copy(os.path.join(self.project, path), os.path.join(self.folder, "alone.sql"))
        self.assertEqual(self.rules("alone.sql"), [("alone.sql", "drop_table")])
        self.assertEqual(self.rules("alone.sql", env={"SKEIN_PROJECT": ""}), [("alone.sql", "drop_table")])

    def test_what_is_not_there(self):
        for args, code, kind in ((("nope",), 1, "unknown_revision"), (("nope.sql",), 1, "ENOENT"),
                                 (("--extension", "nope"), 2, "unknown_extension")):
            result = self.lint(*args, "--format", "json")
            self.assertEqual((result.code, result.json["error"]["code"]), (code, kind), result)
        self.assertEqual(self.lint("a1", env={"SKEIN_PROJECT": self.folder}).code, 1)
        self.assertEqual(self.lint("--frob").code, 2)

    def test_one_engine(self):
        self.core("a3", "CREATE INDEX i ON t (a);", "", revises="a2")
        self.assertEqual(self.rules("a3", "--engine", "postgresql"), [("a3", "index_not_concurrent")])
        self.assertEqual(self.rules("a3", "--engine", "sqlite"), [])

    def test_a_project_with_mistakes_is_reported_as_by_every_command(self):
        self.core("a9", "SELECT 1;", revises="gone")
        result = self.lint("--format", "json")
        self.assertEqual((result.code, result.json["error"]["code"]), (1, "missing_parent"), result)


class Levels(Lint):
    def codes(self):
        return [self.lint("--fail-on", level).code for level in ("error", "warning", "notice", "never")]

    def test_exit_codes(self):
        self.core("a1", "CREATE TABLE t (a int);", "DROP TABLE t;")
        self.assertEqual(self.codes(), [0, 0, 0, 0])
        self.core("a1", "CREATE TABLE t (a int);")
        self.assertEqual(self.codes(), [0, 0, 3, 0])
        self.core("a1", DROP, "")
        self.assertEqual(self.codes(), [0, 3, 3, 0])
        self.core("a1", "SELEC 1;", "")
        self.assertEqual(self.codes(), [3, 3, 3, 0])
        self.assertEqual(self.lint().code, 3)


class Formats(Lint):
    def setUp(self):
        super().setUp()
        self.core("a1", "ALTER TABLE t\n  ADD COLUMN a text NOT NULL;\nDROP TABLE \"o\x01ld\";", "", options="postgresql")

    def test_human(self):
        out = self.lint().out
        self.assertIn(f"{VERSIONS}/a1_step.sql:4:1: warning: t.a has no default: adding it fails as soon as t has a row"
                      " [not_null_column]\n", out)
        self.assertIn("    lock:  ACCESS EXCLUSIVE on", out)
        self.assertIn("o\\x01ld", out)
        self.assertNotIn("\033", out)

    def test_colours_on_a_terminal_only(self):
        env = {"PATH": os.environ["PATH"], "SKEIN_PROJECT": self.project, "TERM": "xterm"}
        self.assertIn("\033[33mwarning", on_terminal([SKEIN, "lint"], 80, env)[1])
        self.assertNotIn("\033", on_terminal([SKEIN, "lint"], 80, {**env, "NO_COLOR": "1"})[1])

    def test_json(self):
        result = self.lint("--format", "json").json
        self.assertEqual({k: result[k] for k in ("revisions", "models", "errors", "warnings", "notices")},
                         {"revisions": 1, "models": 0, "errors": 0, "warnings": 2, "notices": 1})
        first = result["findings"][0]
        self.assertEqual((first["rule"], first["line"], first["column"], first["lock"]), ("not_null_column", 4, 1, None))
        self.assertIn("NOT NULL DEFAULT", first["sql"])

    def test_sarif(self):
        """What sarif-schema-2.1.0.json requires, and what its readers rely on."""
        log = self.lint("--format", "sarif").json
        self.assertEqual(log["version"], "2.1.0")
        self.assertTrue(log["$schema"].endswith("sarif-schema-2.1.0.json"))
        run, = log["runs"]
        driver = run["tool"]["driver"]
        self.assertEqual(driver["name"], "skein")
        ids = [rule["id"] for rule in driver["rules"]]
        self.assertEqual(len(ids), len(set(ids)))
        for rule in driver["rules"]:
            self.assertIn(rule["defaultConfiguration"]["level"], ("error", "warning", "note"))
            self.assertTrue(rule["shortDescription"]["text"] and rule["fullDescription"]["text"] and rule["help"]["text"])
        self.assertTrue(run["originalUriBaseIds"]["PROJECT"]["uri"].startswith("file:///"))
        self.assertTrue(run["originalUriBaseIds"]["PROJECT"]["uri"].endswith("/"))
        self.assertEqual(len(run["results"]), 3)
        for result in run["results"]:
            self.assertEqual(ids[result["ruleIndex"]], result["ruleId"])
            self.assertIn(result["level"], ("error", "warning", "note"))
            self.assertTrue(result["message"]["text"])
            place = result["locations"][0]["physicalLocation"]
            self.assertEqual(place["artifactLocation"], {"uri": f"{VERSIONS}/a1_step.sql", "uriBaseId": "PROJECT"})
            self.assertGreaterEqual(min(place["region"]["startLine"], place["region"]["startColumn"]), 1)

    def test_the_table_of_rules(self):
        self.assertIn("index_not_concurrent", self.lint("--rules").out)
        self.assertTrue(self.lint("--rules", "--format", "markdown").out.startswith("# Lint: the rules"))


class Hostile(Lint):
    def up(self, sql, engine=""):
        self.core("a1", sql, "", options=engine)
        start = time.monotonic()
        result = self.lint("--format", "json")
        self.assertIn(result.code, (0, 3), str(result)[:2000])
        self.assertLess(time.monotonic() - start, 30)
        return [f["rule"] for f in result.json["findings"]]

    def test_depth_and_size(self):
        for engine in ("postgresql", "sqlite"):
            self.up("SELECT " + "(" * 200000 + "1" + ")" * 200000 + ";", engine)
            self.up("SELECT " + "+".join(["1"] * 200000) + ";", engine)
            self.up("SELECT " + "+".join(["1"] * 30000) + ";", engine)
            self.up("SELECT " + "NOT " * 15000 + "true;", engine)
            self.up("SELECT 1" + " UNION SELECT 1" * 4000 + ";", engine)
            self.up("SELECT 1;\n" * 20000, engine)
            self.up("CREATE TABLE t (" + ", ".join(f"c{i} int" for i in range(3000)) + ");", engine)
            self.up("-- " + "x" * 2000000, engine)
            self.up("/* " * 50000, engine)
            self.up("$" * 100000 + "'" * 99999, engine)

    def test_long_statements_are_still_looked_at(self):
        values = ", ".join(f"({i}, 'x')" for i in range(20000))
        self.assertEqual(self.up(f"INSERT INTO alembic_version VALUES {values};", "postgresql"), ["reserved_table"])
        self.assertEqual(self.up(f"INSERT INTO t VALUES {values} x;", "postgresql"), ["syntax_error"])

    def test_odd_bytes(self):
        for data in (b"\0", b"\xff\xfe", b"-- migrate:up\nSELECT '\xc3\x28';"):
            path = self.raw("a1_step.sql", b"-- revision: a1\n" + data)
            self.assertEqual(self.lint().code, 1)
            self.assertEqual(self.lint(path).code, 1)
        self.raw("a1_step.sql", "-- revision: a1\r\n-- migrate:up sqlite\r\nDROP TABLE \"ü\";\r\n-- migrate:down\r\n".encode())
        self.assertEqual(self.rules(), [("a1", "drop_table")])

    def test_a_statement_cannot_do_anything(self):
        marker = os.path.join(self.folder, "made.db")
        self.up(f"ATTACH '{marker}' AS x; VACUUM INTO '{marker}'; PRAGMA temp_store_directory = '/nowhere';", "sqlite")
        self.assertFalse(os.path.exists(marker))


class Examples(Lint):
    def test_they_are_clean(self):
        for root in ("shop", "notes"):
            result = self.lint("--fail-on", "warning", env={"SKEIN_PROJECT": os.path.join(ROOT, "docs/examples", root)})
            self.assertEqual(result.code, 0, result)
        files = glob.glob(os.path.join(ROOT, "docs/examples/shop/next/**/*.sql"), recursive=True)
        self.assertTrue(files)
        result = self.lint("--fail-on", "warning", *files)
        self.assertEqual(result.code, 0, result)

    def test_a_new_revision_is_clean(self):
        self.ok("init", database=False)
        self.ok("revision", "-m", "first", database=False)
        self.assertEqual(self.lint("--fail-on", "notice").code, 0, self.lint())


if __name__ == "__main__":
    unittest.main()
