#!/usr/bin/env python3
"""skein lint with the real program: what is chosen, formats, exit codes, and input that nobody should have written."""

import glob
import json
import os
import shutil
import subprocess
import time
import unittest

from cli_support import Case, ROOT, SKEIN, on_terminal, revision

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

    def test_warnings_about_files_are_said_too(self):
        self.write(f"{VERSIONS}/a3_x.sql", "-- frob: x\n" + revision("a3", "SELECT 1;", "", revises="a2"))
        self.assertIn("there is no header 'frob'", self.lint("a1").err)

    def test_a_project_with_mistakes_is_reported_as_by_every_command(self):
        self.core("a9", "SELECT 1;", revises="gone")
        result = self.lint("--format", "json")
        self.assertEqual((result.code, result.json["error"]["code"]), (1, "missing_parent"), result)


class Models(Lint):
    def setUp(self):
        super().setUp()
        self.write("database/DB_users.sql", "CREATE TABLE users (id integer PRIMARY KEY);\n")
        self.extensions("billing")
        self.core("a1", "SELECT 1;", "")

    def models(self, *args):
        return self.rules(*[os.path.join(self.project, "extensions/billing/DB_x.sql")] if not args else args)

    def model(self, text, name="DB_x.sql"):
        self.write(f"extensions/billing/{name}", text)
        return self.rules()

    def test_good_ones(self):
        self.assertEqual(self.model("CREATE TABLE IF NOT EXISTS users (id integer);\n"
                                    "CREATE TABLE billing_x (id integer REFERENCES users (id));\n"
                                    "CREATE INDEX billing_x_id ON billing_x (id);"), [])
        self.assertIn("1 revision and 2 model files checked", self.lint().out)
        self.assertEqual(self.lint("--extension", "billing", "--format", "json").json["models"], 1)

    def test_grammar(self):
        self.assertEqual(self.model("CREATE TABLE billing_x (id integer,);"), [("DB", "syntax_error")])
        self.assertEqual(self.models(), [("DB", "syntax_error")])
        self.assertEqual(self.models("a1"), [])

    def test_ownership(self):
        self.assertEqual(self.model("CREATE TABLE users (id integer);"), [("DB", "two_owners")])
        self.assertEqual(self.model("ALTER TABLE users ADD COLUMN x integer;"), [("DB", "other_modules_table")])
        self.assertEqual(self.model("CREATE INDEX i ON users (id);"), [("DB", "other_modules_table")])
        self.assertEqual(self.model("CREATE TABLE invoices (id integer);"), [("DB", "extension_prefix")])
        self.assertEqual(self.model("CREATE TABLE alembic_version (id integer);"),
                         [("DB", "reserved_table"), ("DB", "extension_prefix")])
        self.model("CREATE TABLE billing_x (id integer);")
        self.write("database/DB_more.sql", "CREATE TABLE more (x integer REFERENCES billing_x (id));")
        self.assertEqual(self.rules(), [("DB", "core_needs_extension")])

    def test_a_file_for_one_engine(self):
        self.assertEqual(self.model("CREATE TABLE billing_x (id integer PRIMARY KEY AUTOINCREMENT);", "DB_x.sqlite.sql"), [])
        self.assertEqual(self.model("CREATE TABLE billing_x (id serial, a int[]);", "DB_x.postgresql.sql"), [])

    def test_engines_of_the_project(self):
        self.core("a1", "CREATE TABLE t (id integer PRIMARY KEY AUTOINCREMENT);", "DROP TABLE t;")
        self.assertEqual(self.rules(), [])
        self.write("database/migrations/migration_extensions.json", '{"extensions": [], "engines": ["postgresql", "sqlite"]}')
        self.assertEqual(self.rules(), [("a1", "syntax_error")])


class Against(Lint):
    def setUp(self):
        super().setUp()
        self.core("a1", "DROP TABLE one;", "")
        self.write("database/DB_one.sql", "CREATE TABLE one (a int,);")
        self.git("init", "-q", "-b", "main")
        self.commit("first")

    def git(self, *args):
        env = {"PATH": os.environ["PATH"], "HOME": self.folder, "GIT_AUTHOR_NAME": "a", "GIT_AUTHOR_EMAIL": "a@b",
               "GIT_COMMITTER_NAME": "a", "GIT_COMMITTER_EMAIL": "a@b"}
        subprocess.run(["git", *args], cwd=self.project, env=env, check=True, capture_output=True)

    def commit(self, message):
        self.git("add", "-A")
        self.git("commit", "-q", "-m", message)

    def new(self, *args):
        return [name for name, _ in self.rules(*args)]

    def test_a_branch(self):
        self.assertEqual(self.new("--against", "main.."), [])
        self.git("checkout", "-q", "-b", "feature")
        self.core("a2", "DROP TABLE two;", "", revises="a1")
        self.assertEqual(self.new("--against", "main.."), ["a2"])  # not added yet
        self.assertEqual(self.new("--against", "main..HEAD"), [])
        self.commit("second")
        self.assertEqual(self.new("--against", "main.."), ["a2"])
        self.assertEqual(self.new("--against", "main..HEAD"), ["a2"])
        self.assertEqual(self.new("--against", "main..feature"), ["a2"])
        self.git("checkout", "-q", "main")
        self.core("a3", "DROP TABLE three;", "", revises="a1")
        self.commit("third")
        self.git("checkout", "-q", "feature")
        self.assertEqual(self.new("--against", "main.."), ["a2"])  # what main has got since is not the branch's
        self.core("a1", "DROP TABLE changed;", "")
        self.assertEqual(self.new("--against", "main.."), ["a1", "a2"])
        self.write("database/DB_one.sql", "CREATE TABLE one (a int,,);")
        self.assertEqual(self.new("--against", "main.."), ["DB", "a1", "a2"])
        self.assertEqual(self.new("--against", "main..", "a2"), ["a2"])

    def test_a_project_below_the_repository(self):
        inner = os.path.join(self.project, "inner")
        os.makedirs(os.path.join(inner, VERSIONS))
        with open(os.path.join(inner, VERSIONS, "b1_ü x.sql"), "w") as file:
            file.write("-- revision: b1\n-- migrate:up\nDROP TABLE b;\n-- migrate:down\n")
        self.assertEqual([r for _, r in self.rules("--against", "main..", env={"SKEIN_PROJECT": inner})], ["drop_table"])

    def test_another_checkout(self):
        other = os.path.join(self.folder, "other")
        shutil.copytree(self.project, other)
        self.core("a2", "DROP TABLE two;", "", revises="a1")
        self.assertEqual(self.new("--against", other), ["DB", "a2"])
        self.core("a1", "DROP TABLE changed;", "")
        self.assertEqual(self.new("--against", other), ["DB", "a1", "a2"])

    def test_what_is_no_range(self):
        for range, code, kind in (("main", 2, "bad_range"), (" ..", 2, "bad_range"), ("--output=x..", 2, "bad_range"),
                                  ("ma in..", 2, "bad_range"), ("main..-x", 2, "bad_range"), ("gone..", 1, "no_git"),
                                  ("main..gone", 1, "no_git"), ("$(touch x)..", 2, "bad_range"), (VERSIONS, 2, "bad_range")):
            result = self.lint(f"--against={range}", "--format", "json")
            self.assertEqual((result.code, result.json["error"]["code"]), (code, kind), (range, result))
        result = self.lint("--against", self.folder, "--format", "json")
        self.assertEqual((result.code, result.json["error"]["code"]), (1, "no_project"), result)

    def test_a_range_needs_a_project(self):
        self.write("alone.sql", revision("x1", DROP, ""))
        result = self.lint("--against", "main..", os.path.join(self.project, "alone.sql"), env={"SKEIN_PROJECT": ""})
        self.assertIn("there is no project", result.err)

    def test_no_git(self):
        shutil.rmtree(os.path.join(self.project, ".git"))
        self.assertIn("working tree", self.fails(1, "git knows no commit", "lint", "--against", "main..").err)
        self.fails(1, "git", "lint", "--against", "main..", env={"PATH": self.folder})


class Squashed(Lint):
    def test_the_squashed_revision_is_looked_at_instead(self):
        folder = f"{VERSIONS}/squashed"
        self.write(f"{folder}/a1_x.sql", revision("a1", "DROP TABLE one;", ""))
        self.write(f"{folder}/a2_x.sql", revision("a2", "DROP TABLE two;", "", revises="a1"))
        text = revision("a2", "CREATE TABLE s (a int); DROP TABLE three;", "DROP TABLE s;")
        self.write(f"{VERSIONS}/a2_all.sql", text.replace("-- revision: a2", "-- revision: a2\n-- replaces: a1"))
        result = self.lint("--format", "json")
        self.assertEqual([f["path"] for f in result.json["findings"]], [f"{VERSIONS}/a2_all.sql"], result)
        self.assertEqual(self.rules(os.path.join(self.project, VERSIONS, "a2_all.sql")), [("a2", "drop_table")])
        self.assertEqual(self.rules("a1"), [("a1", "drop_table")])


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
