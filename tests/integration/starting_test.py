#!/usr/bin/env python3
"""What a person begins with: init-extension, debug, fix-tables, whatever state the project and the databases are in."""

import os
import pathlib
import subprocess
import unittest

from cli_support import PG_FOLDER, Case, Postgres

LIST = "database/migrations/migration_extensions.json"
SECTIONS = ["program", "environment", "project", "extensions", "modules", "models", "tables", "database", "scratch_server", "findings"]


class Debug(Case):
    def debug(self, *args, **kwargs):
        text = self.ok("debug", *args, **kwargs).out
        report = self.ok("debug", *args, "--format", "json", **kwargs).json
        for section in report:
            self.assertIn(section.upper().replace("_", " ") + "\n", text)
        return report

    def why(self, **kwargs):
        return {row["extension"]: (row["in"], row["why"], row["problem"]) for row in self.debug(**kwargs)["extensions"]}

    def test_a_good_project(self):
        self.core("a1", "CREATE TABLE t (n INT);")
        self.core("a2", "CREATE TABLE u (n INT);", revises="a1")
        self.ok("upgrade", "a1")
        report = self.debug()
        self.assertEqual(list(report), SECTIONS)
        self.assertEqual(report["project"]["root"], self.project)
        self.assertEqual(report["project"]["looked_in"], "SKEIN_PROJECT")
        self.assertEqual(report["modules"], [{"module": "core", "revisions": 2, "heads": ["a2"],
                                              "folder": "database/migrations/versions"}])
        database = report["database"]
        self.assertEqual((database["reachable"], database["state"]), (True, "core=a1"))
        self.assertRegex(database["server"], r"^3\.\d+\.\d+$")
        self.assertEqual(report["findings"], [])
        self.assertEqual(report["scratch_server"], {"url": None})

    def test_why_extensions_are_in_or_out(self):
        for name in ("billing", "search"):
            self.extension(name, name[0] + "1", "SELECT 1;", labels=f"ext_{name}")
        os.makedirs(self.project + "/extensions/plain")
        self.assertEqual(self.why()["search"], (True, "found: there is no migration_extensions.json", None))
        self.extensions("billing", "gone", "Odd")
        found = self.why()
        self.assertRegex(found.pop("Odd")[2], "^the name ")
        self.assertEqual(found, {
            "billing": (True, "listed in migration_extensions.json", None),
            "gone": (True, "listed in migration_extensions.json", "its folder migrations/versions is not there"),
            "search": (False, "not listed, and auto_discover is not true", None),
            "plain": (False, "not listed, and has no migrations/versions", None)})
        self.write(LIST, '{"extensions": ["billing"], "auto_discover": true}')
        self.assertEqual(self.why()["search"], (True, "found: auto_discover is true", None))
        found = self.why(env={"OVERRIDE_EXTENSION_LIST": '["search"]'})
        self.assertEqual(found["search"], (True, "named in OVERRIDE_EXTENSION_LIST", None))
        self.assertEqual(found["billing"], (False, "not named in OVERRIDE_EXTENSION_LIST", None))

    def test_what_is_broken_is_reported_and_the_rest_goes_on(self):
        self.write(LIST, '{"extensions": [')
        self.core("a1", "SELECT 1;", revises="gone")
        report = self.debug()
        self.assertRegex(report["project"]["configuration_state"], "^no JSON: line 1: ")
        self.assertEqual({item["code"] for item in report["findings"]}, {"bad_extension_list", "missing_parent"})
        self.assertIsNone(report["modules"][0]["heads"])
        self.assertFalse(report["database"]["reachable"])  # there is no file, and none is made
        self.assertEqual(report["database"]["error"]["code"], "no_database")
        self.assertFalse(os.path.exists(self.file))

    def test_outside_a_project(self):
        report = self.debug(env={"SKEIN_PROJECT": self.folder}, database=False)
        self.assertEqual((report["project"]["root"], report["project"]["error"]["code"]), (None, "no_project"))
        self.assertEqual(report["database"], {"url": None})

    def test_no_password_is_shown(self):
        secret = "s3cr3t"
        for url in (f"postgresql://me:{secret}@127.0.0.1:1/x", f"postgresql://127.0.0.1:1/x?password={secret}",
                    f"host=127.0.0.1 password={secret}"):
            env = {"DATABASE_URL": url, "SKEIN_SCRATCH_URL": url, "PGPASSWORD": secret, "PGHOST": "127.0.0.1"}
            for form in ("table", "json"):
                result = self.ok("debug", "--format", form, env=env)
                self.assertNotIn(secret, result.out + result.err)
                self.assertIn("***", result.out)
                self.assertIn("PGHOST", result.out)

    def test_only_a_wrong_line_fails(self):
        self.assertEqual(self.skein("debug", "--nope").code, 2)
        self.assertEqual(self.skein("debug", "more").code, 2)


    def test_tables_and_who_declares_them(self):
        self.extension("billing", "b1", "SELECT 1;", labels="ext_billing")
        self.extensions("billing")
        self.write("database/DB_users.sql", "-- people\nCREATE TABLE users (id INTEGER PRIMARY KEY);\n")
        self.write("extensions/billing/DB_x.sql", "CREATE TABLE IF NOT EXISTS users (id INTEGER);\nCREATE TABLE\nbilling_x (n INT);")
        report = self.debug()
        self.assertEqual(report["models"], {"engines": ["sqlite"], "command": None})
        self.assertEqual(report["tables"], [{"module": "core", "table": "users", "declared": "database/DB_users.sql:2"},
                                            {"module": "billing", "table": "billing_x", "declared": "extensions/billing/DB_x.sql:2"}])
        self.write("database/DB_bad.sql", "CREATE TABLE users (id INT);\nDROP TABLE x;\n")
        self.assertEqual({item["code"] for item in self.debug()["findings"]}, {"two_owners", "not_a_model"})

    def test_a_models_command_that_fails(self):
        self.write(LIST, '{"extensions": [], "engines": ["sqlite", "postgresql"], "models_command": ["false", "{module}"]}')
        models = self.debug()["models"]
        self.assertEqual((models["engines"], models["command"]), (["postgresql", "sqlite"], ["false", "{module}"]))
        self.assertEqual(models["error"]["code"], "models_command")


class InitExtension:
    def files(self):
        """Everything in the project's folder, with its bytes."""
        return {str(path.relative_to(self.project)): path.read_bytes() for path in sorted(pathlib.Path(self.project).rglob("*"))
                if path.is_file()}

    def setUp(self):
        super().setUp()
        self.ok("init")

    def begin(self, *args, name="billing", **kwargs):
        return self.ok("init-extension", name, *args, env=self.scratch, **kwargs)

    def heads(self, *args):
        return [line.split()[0] for line in self.ok("current", "--extension", "billing", *args).out.splitlines()]

    def test_everything_at_once_and_nothing_twice(self):
        made = self.begin("--format", "json").json
        self.assertEqual([path.rpartition("/")[2].split("_")[0] for path in made["made"]],
                         ["versions", "DB", made["revision"]])
        self.assertEqual((made["extension"], made["changed"], made["steps_applied"]), ("billing", [LIST], 1))
        self.assertIn("billing_items", self.tables())
        self.assertEqual(self.heads(), [made["revision"]])
        self.assertIn("-- branch_labels: ext_billing\n", self.files()[made["made"][-1]].decode())
        before = self.files()
        again = self.begin()
        self.assertEqual(again.out, "")
        self.assertIn("nothing to do", again.err)
        self.assertEqual(self.files(), before)
        self.assertEqual(self.ok("revision", "--auto", "-m", "x", "-x", "billing", env=self.scratch).out, "")
        self.assertEqual(self.ok("downgrade", "base", "-x", "billing").code, 0)
        self.assertNotIn("billing_items", self.tables())

    def test_what_was_begun_is_completed(self):
        self.begin("--skip-apply")
        whole = self.files()
        model, versions = "extensions/billing/DB_billing.sql", "extensions/billing/migrations/versions"
        empty = whole[LIST].replace(b'"billing"', b"")
        for undone in range(4):  # of the last steps
            with self.subTest(undone=undone):
                for path in [*pathlib.Path(self.project, versions).iterdir(), pathlib.Path(self.project, model)][:undone]:
                    path.unlink()
                if undone == 3:
                    self.write(LIST, empty.decode())
                self.begin("--skip-apply")
                found = self.files()
                self.assertEqual(len(found), len(whole))
                for path in (model, LIST):
                    self.assertEqual(found[path], whole[path])
        self.assertNotIn("billing_items", self.tables())
        self.assertIn("has revision", self.begin().err)
        self.assertIn("billing_items", self.tables())

    def test_later_revisions_are_left_to_upgrade(self):
        first = self.begin("--skip-apply", "--format", "json").json["revision"]
        self.ok("revision", "-m", "more", "-x", "billing")
        self.begin()
        self.assertEqual(self.heads(), [first])
        self.ok("upgrade", "-x", "billing")
        self.assertIn("nothing to do", self.begin().err)

    def test_without_a_model_the_first_revision_is_empty(self):
        made = self.begin("--skip-model", "--format", "json").json
        self.assertEqual(len(made["made"]), 2)
        self.assertNotIn("CREATE", self.files()[made["made"][-1]].decode())
        self.assertEqual(self.heads(), [made["revision"]])
        before = self.files()
        self.begin()  # and a sample comes too late
        self.assertEqual(self.files(), before)

    def test_models_that_are_there_are_taken(self):
        self.write("extensions/billing/DB_mine.sql", "CREATE TABLE billing_mine (id INTEGER PRIMARY KEY);\n")
        made = self.begin("--format", "json").json
        self.assertIn("CREATE TABLE billing_mine", self.files()[made["made"][-1]].decode())
        self.assertNotIn("extensions/billing/DB_billing.sql", self.files())
        self.assertIn("billing_mine", self.tables())

    def test_the_longest_name(self):
        name = "a" * 47
        self.begin(name=name)
        self.assertIn(name + "_items", self.tables())

    def test_the_list_keeps_its_form_and_order(self):
        self.write(LIST, '{ "auto_discover":false,\n\t"extensions" : ["zeta", "alpha"] }\n')
        for name in ("zeta", "alpha"):
            self.ok("init", "--extension", name)
        self.begin("--skip-apply")
        self.assertEqual(self.files()[LIST].decode(), '{ "auto_discover":false,\n\t"extensions" : ["zeta", "alpha", "billing"] }\n')

    def test_what_is_refused_leaves_nothing_behind(self):
        before = self.files()
        for code, text, args in ((2, "no database given", ["billing"]), (2, "the extension name 'Billing'", ["Billing", "--skip-apply"]),
                                 (2, "NAME", ["--skip-apply"])):
            result = self.skein("init-extension", *args, database=False, env=self.scratch)
            self.assertEqual(result.code, code, result)
            self.assertIn(text, result.err)
        self.assertEqual(self.files(), before)

    def test_a_model_that_is_wrong_is_told_and_can_be_repaired(self):
        self.write("extensions/billing/DB_mine.sql", "CREATE TABLE billing_mine (id INTEGER PRIMARY KEY,);\n")
        result = self.skein("init-extension", "billing", env=self.scratch)
        self.assertEqual(result.code, 1, result)
        self.assertIn("extensions/billing/DB_mine.sql:1:", result.err)
        self.write("extensions/billing/DB_mine.sql", "CREATE TABLE billing_mine (id INTEGER PRIMARY KEY);\n")
        self.begin()
        self.assertIn("billing_mine", self.tables())


class InitExtensionSqlite(InitExtension, Case):
    scratch = {}

    def test_in_a_database_that_cannot_be_opened(self):
        result = self.skein("init-extension", "billing", "-d", f"sqlite:///{self.folder}/gone/x.db")
        self.assertEqual(result.code, 1, result)
        self.assertIn("DB_billing.sql", result.out)  # what is there now
        self.begin()
        self.assertIn("billing_items", self.tables())


class InitExtensionPostgresql(InitExtension, Postgres):
    scratch = {"SKEIN_SCRATCH_URL": f"postgresql:///postgres?host={PG_FOLDER}&user=skein"}

    def test_without_a_scratch_server(self):
        result = self.skein("init-extension", "billing")
        self.assertEqual(result.code, 2, result)
        self.assertIn("--scratch", result.err)
        self.begin()
        self.assertIn("billing_items", self.tables())


class FixTables(Case):
    CORE = "-- core\nCREATE TABLE users (id INTEGER PRIMARY KEY);\n"
    BILLING = ("-- mine\r\nCREATE TABLE billing_x (a INT);\r\n\tcreate   table -- why\r\n  \"users\"(id INTEGER);\n"
               + "-- more\n" * 9 + "/* CREATE TABLE users */ CREATE TABLE users (id INTEGER)")

    def setUp(self):
        super().setUp()
        for name in ("billing", "search"):
            self.extension(name, name[0] + "1", "SELECT 1;", labels=f"ext_{name}")
        self.extensions("billing", "search")
        self.write("database/DB_users.sql", self.CORE)
        self.file_of = {name: os.path.join(self.project, f"extensions/{name}/DB_x.sql") for name in ("billing", "search")}
        for path in self.file_of.values():
            with open(path, "w", newline="") as file:
                file.write(self.BILLING.replace("billing", path.split("/")[-2]))

    def text(self, name):
        with open(self.file_of[name], newline="") as file:
            return file.read()

    def wanted(self, name):
        return self.BILLING.replace("billing", name).replace("create   table", "create   table if not exists").replace(
            "*/ CREATE TABLE", "*/ CREATE TABLE IF NOT EXISTS")

    def test_the_words_go_in_and_every_other_byte_stays(self):
        os.chmod(self.file_of["billing"], 0o640)
        self.ok("fix-tables")
        for name in self.file_of:
            self.assertEqual(self.text(name), self.wanted(name))
        self.assertEqual(os.stat(self.file_of["billing"]).st_mode & 0o777, 0o640)
        self.assertIn("nothing to do", self.ok("fix-tables").err)  # a second time
        self.assertEqual(self.text("billing"), self.wanted("billing"))

    def test_one_extension_only(self):
        result = self.ok("fix-tables", "--extension", "search", "--format", "json").json
        self.assertEqual([(row["path"], row["line"], row["table"], row["owner"], row["declared"]) for row in result["changed"]],
                         [("extensions/search/DB_x.sql", line, "users", "core", "database/DB_users.sql:2") for line in (3, 14)])
        self.assertNotEqual(self.text("billing"), self.wanted("billing"))

    def test_a_dry_run_prints_what_git_can_apply(self):
        with open(self.file_of["billing"], "w", newline="") as file:
            file.write(self.BILLING.replace("\r", ""))
        result = self.ok("fix-tables", "--dry-run", "--extension", "billing")
        self.assertIn("would change extensions/billing/DB_x.sql:14", result.err)
        self.assertEqual(self.text("billing"), self.BILLING.replace("\r", ""))
        subprocess.run(["git", "apply"], input=result.out, text=True, cwd=self.project, check=True)
        self.assertEqual(self.text("billing"), self.wanted("billing").replace("\r", ""))

    def test_between_extensions_the_first_in_the_list_owns(self):
        for path, text in self.file_of.items():
            with open(text, "w", newline="") as file:
                file.write("CREATE TABLE shared (n INT);")
        self.ok("fix-tables")
        self.assertEqual((self.text("billing"), self.text("search")), ("CREATE TABLE shared (n INT);",
                                                                      "CREATE TABLE IF NOT EXISTS shared (n INT);"))

    def test_files_of_each_engine(self):
        self.write(LIST, '{"extensions": ["billing"], "engines": ["sqlite", "postgresql"]}')
        for engine, body in (("postgresql", "$$CREATE TABLE users$$"), ("sqlite", "'x'")):
            self.write(f"extensions/billing/DB_y.{engine}.sql", f"CREATE TABLE users (n TEXT DEFAULT {body});")
        self.ok("fix-tables")
        for engine, body in (("postgresql", "$$CREATE TABLE users$$"), ("sqlite", "'x'")):
            with open(os.path.join(self.project, f"extensions/billing/DB_y.{engine}.sql")) as file:
                self.assertEqual(file.read(), f"CREATE TABLE IF NOT EXISTS users (n TEXT DEFAULT {body});")

    def test_what_cannot_be_read(self):
        self.write("extensions/billing/DB_y.sql", "CREATE TABLE t (n TEXT DEFAULT 'x);")
        self.fails(1, "extensions/billing/DB_y.sql:1", "fix-tables")
        self.assertEqual(self.skein("fix-tables", "--extension", "gone").code, 2)


class DebugPostgres(Postgres):
    def test_servers(self):
        scratch = f"postgresql:///postgres?host={PG_FOLDER}&user=skein"
        self.core("a1", "CREATE TABLE t (n INT);")
        self.ok("upgrade")
        report = self.ok("debug", "--scratch", scratch, "--format", "json").json
        for section in ("database", "scratch_server"):
            self.assertRegex(report[section]["server"], r"^1\d\.\d+")
        self.assertEqual((report["database"]["schema"], report["database"]["state"]), ("public", "core=a1"))
        self.assertTrue(report["scratch_server"]["usable"])
        report = self.ok("debug", "--scratch", "postgresql://127.0.0.1:1/x", "--format", "json").json
        self.assertEqual((report["scratch_server"]["usable"], report["scratch_server"]["error"]["code"]), (False, "no_server"))


if __name__ == "__main__":
    unittest.main()
