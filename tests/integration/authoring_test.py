#!/usr/bin/env python3
"""init, revision, merge and edit with the real `skein`, in both layouts, and what they made applied to SQLite."""

import json
import os
import pathlib
import re
import shutil
import signal
import stat
import subprocess
import time
import unittest

from cli_support import Case, SKEIN

LIST = "database/migrations/migration_extensions.json"
VERSIONS = "database/migrations/versions"


class Authoring(Case):
    """Every test begins with an empty folder."""

    below = ""  # where in the project's folder the root is

    def setUp(self):
        super().setUp()
        shutil.rmtree(self.project)
        os.makedirs(os.path.join(self.project, self.below, "database") if self.below else self.project)
        self.root = pathlib.Path(self.project, self.below)

    def tree(self):
        """Every path with its bytes and time of change: what a command that does nothing leaves alone."""
        return {str(path): (path.read_bytes() if path.is_file() else None, path.stat().st_mtime_ns)
                for path in sorted(pathlib.Path(self.project).rglob("*"))}

    def make(self, *args):
        """Makes a revision: its path."""
        path = pathlib.Path(self.ok("revision", *args).out.rstrip("\n"))
        self.assertTrue(path.is_file(), path)
        return path

    def fill(self, path, up, down):
        text = path.read_text()
        text = text.replace("-- migrate:up\n", f"-- migrate:up\n{up}\n").replace("-- migrate:down\n", f"-- migrate:down\n{down}\n")
        path.write_text(text)

    def refused(self, kind, *args, code=1, **kwargs):
        """Says so as JSON too, and changes nothing."""
        before = self.tree()
        result = self.skein(*args, "--format", "json", **kwargs)
        self.assertEqual(result.code, code, result)
        self.assertEqual(result.json["error"]["code"], kind, result)
        self.assertEqual(self.tree(), before)
        return result.json["error"]


class Layouts:
    def test_init_makes_a_project(self):
        result = self.ok("init")
        self.assertEqual(result.out, f"made {VERSIONS}\nmade {LIST}\n")
        self.assertIn("next: skein revision -m", result.err)
        self.assertEqual((self.root / LIST).read_text(), '{\n    "extensions": [],\n    "auto_discover": false\n}\n')
        self.assertTrue((self.root / VERSIONS).is_dir())
        self.assertEqual(self.ok("heads").out, "")

    def test_init_in_the_working_folder(self):
        self.ok("init", cwd=self.project, env={"SKEIN_PROJECT": ""})
        self.assertTrue((self.root / LIST).is_file())

    def test_init_twice_changes_nothing_and_says_so(self):
        self.ok("init")
        self.ok("init", "--extension", "billing")
        for command in (["init"], ["init", "--extension", "billing"]):
            before = self.tree()
            result = self.ok(*command)
            self.assertEqual(result.out, "")
            self.assertIn("nothing to do", result.err)
            self.assertEqual(self.tree(), before)
        self.assertEqual(self.ok("init", "--format", "json").json,
                         {"root": str(self.root), "made": [], "changed": [], "next": 'skein revision -m "create ..."'})

    def test_init_of_an_extension(self):
        self.ok("init")
        result = self.ok("init", "--extension", "billing")
        self.assertEqual(result.out, f"made extensions/billing/migrations/versions\nchanged {LIST}\n")
        self.assertIn("next: skein revision --extension billing -m", result.err)
        self.assertEqual((self.root / LIST).read_text(), '{\n    "extensions": ["billing"],\n    "auto_discover": false\n}\n')

    def test_half_done_runs_are_completed(self):
        (self.root / "database/migrations").mkdir(parents=True)
        self.assertEqual(self.ok("init").out, f"made {VERSIONS}\nmade {LIST}\n")
        os.rmdir(self.root / VERSIONS)
        self.assertEqual(self.ok("init").out, f"made {VERSIONS}\n")
        (self.root / "extensions/billing/migrations/versions").mkdir(parents=True)
        self.assertEqual(self.ok("init", "--extension", "billing").out, f"changed {LIST}\n")
        shutil.rmtree(self.root / "extensions")
        self.assertEqual(self.ok("init", "--extension", "billing").out, "made extensions/billing/migrations/versions\n")

    def test_the_list_keeps_its_form(self):
        self.ok("init")
        text = '{\r\n  "engines": ["sqlite"],\r\n  "extensions": [\r\n    "search"\r\n  ],\r\n  "auto_discover": false }'
        (self.root / LIST).write_bytes(text.encode())
        os.chmod(self.root / LIST, 0o640)
        self.ok("init", "--extension", "billing")
        self.assertEqual((self.root / LIST).read_bytes().decode(), text.replace('"search"', '"search",\r\n    "billing"'))
        self.assertEqual(stat.S_IMODE((self.root / LIST).stat().st_mode), 0o640)

    def test_a_project_that_discovers_needs_no_list(self):
        self.ok("init")
        (self.root / LIST).write_text('{"extensions": [], "auto_discover": true}')
        self.assertEqual(self.ok("init", "--extension", "billing").out, "made extensions/billing/migrations/versions\n")
        self.assertEqual((self.root / LIST).read_text(), '{"extensions": [], "auto_discover": true}')
        os.unlink(self.root / LIST)  # without the file they are discovered too: the new file has to name them
        self.assertEqual(self.ok("init", "--extension", "search").out, "made extensions/search/migrations/versions\n")
        self.ok("init")
        self.assertEqual(json.loads((self.root / LIST).read_text())["extensions"], ["billing", "search"])

    def test_from_nothing_to_a_database_and_back(self):
        self.ok("init")
        self.ok("init", "--extension", "billing")
        users = self.make("-m", "Create users")
        self.assertRegex(str(users), re.escape(f"{self.root}/{VERSIONS}/") + r"[0-9a-f]{12}_create_users\.sql$")
        self.fill(users, "CREATE TABLE users (id integer);", "DROP TABLE users;")
        invoices = self.make("--extension", "billing", "-m", "create invoices", "--depends-on", "core:head")
        self.assertIn("-- branch_labels: ext_billing\n", invoices.read_text())
        self.fill(invoices, "CREATE TABLE invoices (id integer);", "DROP TABLE invoices;")
        self.make("--extension", "billing", "-m", "nothing yet")
        self.ok("upgrade", "--all")
        self.assertLessEqual({"users", "invoices"}, self.tables())
        self.ok("downgrade", "base", "--cascade")
        self.assertNotIn("users", self.tables())

    def test_two_heads_are_merged(self):
        self.ok("init")
        self.make("-m", "one", "--rev-id", "a1")
        self.fill(self.make("-m", "two", "--rev-id", "b1"), "CREATE TABLE two (id integer);", "DROP TABLE two;")
        self.refused("not_a_head", "revision", "-m", "three", "--head", "a1")
        three = self.make("-m", "three", "--head", "a1", "--splice", "--rev-id", "c1")
        self.fill(three, "CREATE TABLE three (id integer);", "DROP TABLE three;")
        self.assertIn("skein merge heads", self.refused("multiple_heads", "revision", "-m", "four")["hint"])
        self.fails(1, "several revisions", "upgrade")
        result = self.ok("merge", "heads", "--rev-id", "d1", "--format", "json").json
        self.assertEqual((result["parents"], result["message"]), (["b1", "c1"], "merge b1, c1"))
        self.assertEqual(result["file"], str(self.root / result["path"]))
        self.ok("upgrade")
        self.assertEqual(self.rows(), ["d1"])
        self.ok("downgrade", "c1")
        self.assertEqual(self.rows(), ["b1", "c1"])
        self.refused("nothing_to_merge", "merge", "heads")
        self.make("-m", "five")

    def test_refusals_write_nothing(self):
        self.ok("init")
        self.ok("init", "--extension", "billing")
        self.make("-m", "one", "--rev-id", "a1")
        self.make("-m", "first", "--rev-id", "b1", "--extension", "billing")
        for kind, args in (("duplicate_revision", ["--rev-id", "a1"]), ("illegal_id", ["--rev-id", "../../a2"]),
                           ("illegal_id", ["--rev-id", "a-2"]), ("reserved_id", ["--rev-id", "base"]),
                           ("bad_label", ["--branch-label", "a b"]), ("unknown_revision", ["--head", "nope"]),
                           ("unknown_revision", ["--depends-on", "nope"]),
                           ("unknown_extension", ["--depends-on", "shop:a1"]),
                           ("core_depends_on_extension", ["--depends-on", "billing:b1"]),
                           ("bad_message", ["-m", "x\n-- revises: b1"])):
            with self.subTest(args=args):
                self.refused(kind, "revision", "-m", "x", *args)
        self.refused("no_message", "revision", code=2)
        self.refused("no_message", "revision", "-m", " ", code=2)
        self.refused("unknown_extension", "revision", "-m", "x", "--extension", "shop", code=2)
        self.refused("duplicate_branch_label", "revision", "-m", "x", "--extension", "billing", "--branch-label", "ext_billing")
        for name in ("Billing", "core", "../x", "1a", ""):
            self.refused("bad_extension", "init", "--extension", name, code=2)

    def test_a_broken_project_is_not_added_to(self):
        self.ok("init")
        (self.root / VERSIONS / "a1_x.sql").write_text("-- revision: a1\n-- revises: gone\n-- migrate:up\n")
        self.refused("missing_parent", "revision", "-m", "x")
        (self.root / LIST).write_text("{")
        self.refused("bad_extension_list", "init", "--extension", "billing")

    def test_a_folder_that_git_did_not_keep_is_made_again(self):
        self.ok("init")
        self.ok("init", "--extension", "billing")
        os.rmdir(self.root / VERSIONS)
        shutil.rmtree(self.root / "extensions")
        self.make("-m", "one")
        self.make("-m", "first", "--extension", "billing")
        self.assertEqual(len(self.ok("heads", "--all").out.splitlines()), 4)

    def test_without_the_right_to_write(self):
        self.ok("init")
        self.make("-m", "one")  # and so the folder is there
        for folder in ("database/migrations/versions", "database/migrations", "."):
            os.chmod(self.root / folder, 0o555)
            self.addCleanup(os.chmod, self.root / folder, 0o755)
        os.chmod(self.folder, 0o755)
        before = self.tree()
        other = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"] if os.geteuid() == 0 else []  # root may
        for args in (["revision", "-m", "x"], ["init", "--extension", "billing"]):
            command = [*other, SKEIN, *args, "--format", "json"]
            done = subprocess.run(command, capture_output=True, text=True, env={"SKEIN_PROJECT": self.project}, cwd="/")
            self.assertEqual(done.returncode, 1, done)
            self.assertEqual(json.loads(done.stdout)["error"]["code"], "EACCES", done)
        self.assertEqual(self.tree(), before)

    def test_files_have_the_rights_that_umask_leaves(self):
        self.ok("init")
        command = ["sh", "-c", 'umask 027; exec "$@"', "sh", SKEIN, "revision", "-m", "x"]
        path = subprocess.check_output(command, env={"SKEIN_PROJECT": self.project, "PATH": os.environ["PATH"]}, text=True).strip()
        self.assertEqual(stat.S_IMODE(os.stat(path).st_mode), 0o640)


class Edit(Authoring):
    """The editor is a script that does what the test says to the file."""

    def setUp(self):
        super().setUp()
        self.ok("init")
        self.path = self.make("-m", "one", "--rev-id", "aaaa0001")

    def editor(self, body):
        path = pathlib.Path(self.folder, "editor")
        path.write_text("#!/bin/sh\n" + body)
        path.chmod(0o755)
        return {"EDITOR": str(path)}

    def test_the_editor_gets_the_file_and_words_of_its_own(self):
        env = self.editor('echo "$#" "$1" "$2" > "$HOME/seen"; echo "SELECT 1;" >> "$2"')
        result = self.ok("edit", "aaaa", env={"EDITOR": f" {env['EDITOR']}  --wait"})
        self.assertEqual(pathlib.Path(self.folder, "seen").read_text(), f"2 --wait {self.path}\n")
        self.assertEqual((result.out, result.err), ("", ""))
        self.assertTrue(self.path.read_text().endswith("SELECT 1;\n"))

    def test_visual_comes_first(self):
        env = self.editor("exit 0")
        self.ok("edit", "head", env={"VISUAL": env["EDITOR"], "EDITOR": "/nowhere"})

    def test_all_files_that_are_named(self):
        self.make("-m", "two", "--head", "base", "--rev-id", "bbbb0001")
        env = self.editor('echo "$#" > "$HOME/seen"')
        self.assertEqual(len(self.ok("edit", "heads", "--format", "json", env=env).json["edited"]), 2)
        self.assertEqual(pathlib.Path(self.folder, "seen").read_text(), "2\n")

    def test_what_the_database_is_at(self):
        env = self.editor('echo "$1" > "$HOME/seen"')
        self.ok("upgrade")
        self.make("-m", "two")
        self.ok("edit", "current", env=env)
        self.assertEqual(pathlib.Path(self.folder, "seen").read_text(), f"{self.path}\n")
        self.ok("edit", "current", "--from", "core=aaaa0001", env=env, database=False)
        self.refused("no_database_url", "edit", "current", env=env, database=False, code=2)

    def test_what_is_wrong_is_said_and_can_be_repaired(self):
        good = self.path.read_text()
        env = self.editor('echo "-- revises: gone" > "$1.new"; cat "$1" >> "$1.new"; mv "$1.new" "$1"')
        result = self.fails(1, "gone", "edit", "aaaa", env=env)
        self.assertIn("aaaa0001_one.sql:1:13", result.err)
        pathlib.Path(self.folder, "good").write_text(good)
        env = self.editor('cp "$HOME/good" "$1"')
        self.ok("edit", "aaaa0001", env=env)  # the project has no graph, the id finds the file
        self.assertEqual(self.path.read_text(), good)

    def test_statements_that_cannot_work_are_said(self):
        for sql, kind in (("BEGIN;", "transaction_control"), ("VACUUM;", "needs_no_transaction"),
                          ("SELECT 'no end", "bad_sql")):
            good = self.path.read_text()
            env = self.editor(f'echo "{sql}" >> "$1"')
            result = self.skein("edit", "aaaa", "--format", "json", env=env)
            self.assertEqual((result.code, result.json["error"]["code"]), (1, kind), result)
            self.assertTrue(result.json["error"]["origin"].startswith("database/migrations/versions/aaaa0001_one.sql:8"), result)
            self.path.write_text(good)

    def test_a_general_section_may_be_meant_for_one_engine(self):
        trigger = "CREATE TRIGGER t AFTER INSERT ON users BEGIN SELECT 1; END;"
        self.ok("edit", "aaaa", env=self.editor(f'echo "{trigger}" >> "$1"'))
        self.path.write_text(self.path.read_text().replace("migrate:down", "migrate:down postgresql"))
        self.refused("transaction_control", "edit", "aaaa", env=self.editor("exit 0"))

    def test_no_editor(self):
        self.refused("no_editor", "edit", "aaaa", code=2)
        self.refused("ENOENT", "edit", "aaaa", env={"EDITOR": "true; touch x"})
        self.assertFalse(os.path.exists(self.folder + "/x"))
        self.refused("editor_failed", "edit", "aaaa", env=self.editor("exit 3"))
        self.refused("editor_failed", "edit", "aaaa", env=self.editor("kill -9 $$"))

    def test_names_without_a_file(self):
        env = self.editor("exit 0")
        self.refused("unknown_revision", "edit", "nope", env=env)
        self.refused("unknown_revision", "edit", "base", env=env)

    def test_an_interrupt_is_the_editors(self):
        env = {"PATH": os.environ["PATH"], "HOME": self.folder, "SKEIN_PROJECT": self.project,
               **self.editor('touch "$HOME/up"; while [ ! -e "$HOME/go" ]; do sleep 0.05; done')}
        process = subprocess.Popen([SKEIN, "edit", "aaaa"], env=env)
        deadline = time.monotonic() + 20
        while not os.path.exists(self.folder + "/up") and time.monotonic() < deadline:
            time.sleep(0.02)
        process.send_signal(signal.SIGINT)
        time.sleep(0.1)
        self.assertIsNone(process.poll())
        pathlib.Path(self.folder, "go").write_text("")
        self.assertEqual(process.wait(20), 0)


class Plain(Layouts, Authoring):
    def test_init_makes_the_folder_itself(self):
        shutil.rmtree(self.project)
        self.ok("init", "--project", self.project + "/new/shop")
        self.assertTrue(os.path.isfile(self.project + "/new/shop/" + LIST))

    def test_an_extension_needs_a_project(self):
        self.refused("no_project", "init", "--extension", "billing")

    def test_a_project_inside_another_is_noted(self):
        self.assertNotIn("inside", self.ok("init").err)
        inner = os.path.join(self.project, "inner")
        os.mkdir(inner)
        result = self.ok("init", cwd=inner, env={"SKEIN_PROJECT": ""})
        self.assertIn(f"inside another project, {self.project}\n", result.err)
        self.assertTrue(os.path.isfile(f"{inner}/{LIST}"))
        self.assertNotIn("inside", self.ok("init", cwd=inner, env={"SKEIN_PROJECT": ""}).err)

    def test_an_override_of_the_list_is_noted(self):
        self.ok("init")
        env = {"OVERRIDE_EXTENSION_LIST": '["search"]'}
        self.assertIn("OVERRIDE_EXTENSION_LIST is set", self.ok("init", "--extension", "billing", env=env).err)
        self.assertEqual(json.loads((self.root / LIST).read_text())["extensions"], ["billing"])

    def test_the_list_may_be_a_link(self):
        self.ok("init")
        (self.root / LIST).rename(self.root / "list.json")
        (self.root / LIST).symlink_to("../../list.json")
        self.ok("init", "--extension", "billing")
        self.assertTrue((self.root / LIST).is_symlink())
        self.assertEqual(json.loads((self.root / "list.json").read_text())["extensions"], ["billing"])

    def test_init_where_a_file_is(self):
        pathlib.Path(self.project, "database").write_text("")
        self.refused("ENOTDIR", "init")


class BelowSrc(Layouts, Authoring):
    below = "src"


if __name__ == "__main__":
    unittest.main()
