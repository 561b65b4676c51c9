#!/usr/bin/env python3
"""The commands for one database, on SQLite and PostgreSQL, with the real `skein`."""

import os
import signal
import sqlite3
import subprocess
import threading
import time
import unittest

from cli_support import Case, Postgres, SKEIN, PG_FOLDER, Result, on_terminal


def three_steps(case):
    case.core("a1", "CREATE TABLE users (id integer PRIMARY KEY);", "DROP TABLE users;", message="create users")
    case.core("a2", "ALTER TABLE users ADD COLUMN name text;", "ALTER TABLE users DROP COLUMN name;", "a1",
              message="add names")
    case.core("a3", "CREATE TABLE orders (id integer PRIMARY KEY);", "DROP TABLE orders;", "a2", message="create orders")


def with_billing(case):
    three_steps(case)
    case.extensions("billing")
    case.extension("billing", "b1", "CREATE TABLE invoices (id integer PRIMARY KEY);", "DROP TABLE invoices;",
                   labels="ext_billing", message="create invoices")
    case.extension("billing", "b2", "ALTER TABLE invoices ADD COLUMN user_id integer;",
                   "ALTER TABLE invoices DROP COLUMN user_id;", "b1", depends="core:a2", message="link users")


class BothEngines:
    """The seed's commands."""

    def test_upgrade_goes_to_the_head_and_says_each_step(self):
        three_steps(self)
        result = self.ok("upgrade")
        self.assertEqual(result.out, "")
        self.assertEqual(result.err.splitlines()[:3], ["Running upgrade  -> a1, create users",
                                                       "Running upgrade a1 -> a2, add names",
                                                       "Running upgrade a2 -> a3, create orders"])
        self.assertIn("is at core=a3 now: 3 steps", result.err)
        self.assertEqual(self.rows(), ["a3"])
        self.assertLessEqual({"users", "orders"}, self.tables())

    def test_upgrade_at_the_head_does_nothing(self):
        three_steps(self)
        self.ok("upgrade")
        result = self.ok("upgrade", "head")
        self.assertIn("nothing to do", result.err)
        self.assertEqual(result.out, "")

    def test_upgrade_in_parts_and_down_again(self):
        three_steps(self)
        self.ok("upgrade", "+1")
        self.assertEqual(self.rows(), ["a1"])
        self.ok("upgrade", "--target", "a3")
        result = self.ok("downgrade", "-1")
        self.assertIn("Running downgrade a3 -> a2, create orders", result.err)
        self.assertEqual(self.rows(), ["a2"])
        self.assertNotIn("orders", self.tables())
        self.ok("downgrade", "--target", "base")
        self.assertEqual(self.rows(), [])

    def test_a_url_of_sqlalchemy_serves_too(self):
        three_steps(self)
        self.ok("upgrade", "--database", self.url.replace("://", "+driver://", 1))
        self.assertEqual(self.rows(), ["a3"])

    def test_extensions_have_their_own_history(self):
        with_billing(self)
        self.ok("upgrade", "--extension", "billing", "b1")
        self.assertEqual(self.rows("alembic_version_billing"), ["b1"])
        self.assertNotIn("users", self.tables())
        self.ok("upgrade", "--all")
        self.assertEqual((self.rows(), self.rows("alembic_version_billing")), (["a3"], ["b2"]))
        self.ok("downgrade", "--extension", "billing", "--target", "base")
        self.assertEqual((self.rows(), self.rows("alembic_version_billing")), (["a3"], []))

    def test_core_stays_while_an_extension_needs_it(self):
        with_billing(self)
        self.ok("upgrade", "--all")
        result = self.fails(1, "b2", "downgrade", "a1")
        self.assertIn("--cascade", result.err)
        self.assertEqual(self.rows(), ["a3"])
        self.ok("downgrade", "a1", "--cascade")
        self.assertEqual((self.rows(), self.rows("alembic_version_billing")), (["a1"], ["b1"]))

    def test_current_and_check_heads_read_only(self):
        three_steps(self)
        self.ok("upgrade", "a2")
        self.assertEqual(self.ok("current").out, "a2\n")
        self.assertEqual(self.ok("current", "--format", "json").json,
                         {"module": "core", "revisions": ["a2"], "heads": ["a2"]})
        self.assertIn("Rev: a2\n", self.ok("show", "current").out)
        self.assertEqual(self.ok("show", "current", "--from", "core=a1", "--format", "json").json["revisions"], ["a1"])
        self.fails(3, "not on all head revisions of core: a3", "check-heads")
        self.fails(3, "not on all head revisions of core: a3", "current", "--check-heads")
        self.ok("upgrade")
        self.assertEqual(self.ok("current").out, "a3 (head)\n")
        self.assertEqual(self.ok("current", "--check-heads").out, "a3 (head)\n")
        self.assertEqual(self.ok("check-heads").out, "")

    def test_reads_create_nothing(self):
        with_billing(self)
        self.sql("CREATE TABLE mine (id integer)")
        before = self.tables()
        self.assertEqual(self.ok("current", "--all").out, "# core\n# billing\n")
        self.ok("plan", "upgrade", "--all")
        self.ok("upgrade", "--all", "--dry-run")
        self.ok("history", "-i")
        self.skein("check-heads")
        self.assertEqual(self.tables(), before)

    def test_stamp_moves_rows_only(self):
        three_steps(self)
        self.ok("stamp", "a2")
        self.assertEqual(self.rows(), ["a2"])
        self.assertNotIn("users", self.tables())
        self.ok("stamp", "base")
        self.assertEqual(self.rows(), [])

    def test_an_unknown_row_is_named_and_purge_repairs_it(self):
        three_steps(self)
        self.ok("stamp", "a2")
        self.sql("UPDATE alembic_version SET version_num = 'gone'")
        for command in (["upgrade"], ["downgrade", "base"], ["stamp", "a1"], ["current"], ["check-heads"]):
            self.fails(1, "gone", *command)
        self.assertEqual(self.rows(), ["gone"])
        self.ok("stamp", "--purge", "a1")
        self.assertEqual(self.rows(), ["a1"])

    def test_two_heads_need_a_choice(self):
        three_steps(self)
        self.core("b3", "SELECT 1;", "SELECT 1;", "a2")
        result = self.fails(1, "several revisions: a3, b3", "upgrade")
        self.assertIn("heads", result.err)
        self.ok("upgrade", "heads")
        self.assertEqual(self.rows(), ["a3", "b3"])

    def test_a_failing_statement_changes_nothing(self):
        three_steps(self)
        self.ok("upgrade", "a1")
        self.core("a4", "CREATE TABLE one (id integer);\nCREATE TABLE two (id integer);\n\nINSERT INTO nowhere VALUES (1);",
                  revises="a3")
        result = self.fails(1, "nowhere", "upgrade")
        self.assertIn("database/migrations/versions/a4_step.sql:8", result.err)
        self.assertIn("nothing was changed", result.err)
        self.assertEqual(self.rows(), ["a1"])
        self.assertFalse({"one", "two", "orders"} & self.tables())

    def test_a_transaction_per_revision_keeps_what_went_well(self):
        three_steps(self)
        self.core("a4", "INSERT INTO nowhere VALUES (1);", revises="a3")
        result = self.fails(1, "nowhere", "upgrade", "--transaction-per-revision")
        self.assertIn("core=a3", result.err)
        self.assertEqual(self.rows(), ["a3"])

    def test_verify_rolls_back(self):
        self.core("a1", "CREATE TABLE users (id integer);", "DROP TABLE users;",
                  extra="-- migrate:verify\nSELECT count(*) > 0 FROM users;\n")
        self.fails(1, "verify", "upgrade")
        self.assertNotIn("users", self.tables())

    def test_an_irreversible_revision_is_named(self):
        self.core("a1", "CREATE TABLE users (id integer);")
        self.ok("upgrade")
        self.fails(1, "a1", "downgrade", "base")
        self.assertIn("users", self.tables())

    def test_a_hand_edited_version_table_with_duplicates(self):
        three_steps(self)
        self.sql("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)")
        self.sql("INSERT INTO alembic_version VALUES ('a1'), ('a1')")
        self.sql("CREATE TABLE users (id integer PRIMARY KEY)")
        self.assertEqual(self.ok("current").out, "a1\n")
        self.fails(1, "expected to match one row when updating 'a1' to 'a3' in 'alembic_version'; 2 found", "upgrade")
        self.assertEqual(self.rows(), ["a1", "a1"])
        self.ok("stamp", "--purge", "a1")
        self.assertEqual(self.rows(), ["a1"])
        self.ok("upgrade")
        self.assertEqual(self.rows(), ["a3"])

    def test_a_ledger_that_is_gone(self):
        three_steps(self)
        self.ok("upgrade", "a1")
        self.sql("DROP TABLE skein_ledger")
        self.fails(1, "skein_ledger", "verify")
        self.fails(1, "", "upgrade", "a2")
        self.assertEqual(self.rows(), ["a1"])
        self.ok("detach")
        self.ok("upgrade", "a2")
        self.assertIn("1 row", self.ok("verify").err)

    def test_the_ledger_is_verified_and_can_go(self):
        three_steps(self)
        self.sql("CREATE TABLE mine (id integer)")
        self.assertIn("0 rows", self.ok("verify").err)
        self.ok("upgrade")
        self.assertEqual(self.ok("verify", "--format", "json").json, {"intact": True, "rows": 3})
        self.assertIn("3 rows", self.ok("verify", env={"SKEIN_PROJECT": ""}).err)
        self.sql("UPDATE skein_ledger SET principal = 'nobody' WHERE seq = 2")
        self.fails(1, "row 2 of skein_ledger", "verify")
        self.ok("detach")
        self.assertFalse({table for table in self.tables() if table.startswith("skein")})
        self.assertEqual(self.rows(), ["a3"])
        self.ok("downgrade", "-1")
        self.assertIn("1 row", self.ok("verify").err)

    def test_a_revision_edited_after_it_was_applied_is_named(self):
        three_steps(self)
        self.ok("upgrade", "a2")
        self.core("a3", "CREATE TABLE other (id integer);", "DROP TABLE other;", "a2")
        self.ok("verify")
        self.core("a2", "ALTER TABLE users ADD COLUMN title text;", "ALTER TABLE users DROP COLUMN name;", "a1")
        self.fails(3, "a2_step.sql was changed after it was applied", "verify")
        self.ok("downgrade", "a1")
        self.ok("verify")
        self.ok("upgrade")
        self.ok("verify")

    def test_an_unknown_row_of_one_module_leaves_the_others_alone(self):
        with_billing(self)
        self.ok("upgrade", "--all")
        self.sql("UPDATE alembic_version_billing SET version_num = 'gone'")
        self.core("a4", "CREATE TABLE fourth (id integer);", "DROP TABLE fourth;", "a3")
        self.ok("upgrade")
        self.assertEqual(self.rows(), ["a4"])
        self.fails(1, "gone", "upgrade", "--extension", "billing")

    def test_json_report_of_an_upgrade(self):
        three_steps(self)
        answer = self.ok("upgrade", "--format", "json").json
        self.assertEqual((answer["outcome"], answer["steps_applied"], answer["state"]), ("applied", 3, {"core": ["a3"]}))
        self.assertEqual([step["revision"] for step in answer["plan"]["steps"]], ["a1", "a2", "a3"])
        self.assertEqual(self.ok("upgrade", "--format", "json").json["outcome"], "already_applied")


class OnSqlite(BothEngines, Case):
    def test_a_missing_file_is_made_by_upgrade_only(self):
        three_steps(self)
        for command in (["current"], ["downgrade", "base"], ["check-heads"], ["plan", "upgrade"]):
            self.fails(1, "app.db", *command)
            self.assertFalse(os.path.exists(self.file), command)
        self.ok("upgrade")
        self.assertEqual(self.rows(), ["a3"])

    def test_a_failure_leaves_no_new_file(self):
        self.core("a1", "CREATE TABLE good (id integer); CREATE TABLE good (id integer);", "DROP TABLE good;")
        for command in (["upgrade"], ["stamp", "nosuch"], ["stamp", "a1", "--extension", "nosuch"]):
            self.assertNotEqual(self.skein(*command).code, 0, command)
            self.assertEqual(os.listdir(self.folder), ["project"], command)
        open(self.file, "w").close()
        self.assertEqual(self.skein("upgrade").code, 1)
        self.assertEqual(os.path.getsize(self.file), 0)

    def test_no_folder(self):
        three_steps(self)
        self.fails(1, "missing/app.db", "upgrade", "--database", f"sqlite:///{self.folder}/missing/app.db")

    def test_no_database_at_all(self):
        three_steps(self)
        with open(self.file, "w") as file:
            file.write("This is a text and no database, however long one looks at it.\n" * 40)
        for command in (["upgrade"], ["current"]):
            self.fails(1, "not a database", *command)

    def test_a_read_only_file(self):
        three_steps(self)
        self.ok("upgrade", "a1")
        command = ["upgrade"]
        if os.geteuid() == 0:
            # root may write everywhere: a file system that is read-only for it is needed
            mount = ["unshare", "-m", "sh", "-c", 'mount --bind "$1" "$1" && mount -o remount,ro,bind "$1" && shift && exec "$@"']
            process = subprocess.run([*mount, "-", self.folder, SKEIN, *command, "--database", self.url, "--project", self.project],
                                     capture_output=True, text=True)
            if "unshare" in process.stderr or "mount" in process.stderr:
                self.skipTest("no private mounts here")
            result = Result(process)
        else:
            os.chmod(self.file, 0o444)
            result = self.skein(*command)
        self.assertEqual(result.code, 1, result)
        self.assertRegex(result.err, "(?i)read.?only")
        self.assertEqual(self.rows(), ["a1"])

    def test_a_full_disk(self):
        three_steps(self)
        self.core("a4", "CREATE TABLE big (text);\nWITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 500) "
                        "INSERT INTO big SELECT zeroblob(4096) FROM n;", revises="a3")
        os.mkdir(self.folder + "/small")
        url = f"sqlite:///{self.folder}/small/app.db"
        script = f"""mount -t tmpfs -o size=512k none {self.folder}/small || exit 77
            {SKEIN} upgrade a3 && ! {SKEIN} upgrade 2>{self.folder}/err && {SKEIN} current && {SKEIN} verify"""
        process = subprocess.run(["unshare", "-m", "sh", "-c", script], capture_output=True, text=True,
                                 env={**os.environ, "DATABASE_URL": url, "SKEIN_PROJECT": self.project})
        if process.returncode == 77 or "unshare" in process.stderr:
            self.skipTest("no private mounts here")
        self.assertEqual((process.returncode, process.stdout), (0, "a3\n"), process.stderr)
        with open(self.folder + "/err") as file:
            text = file.read()
        self.assertIn("a4_step.sql", text)
        self.assertIn("full", text)

    def test_a_busy_file(self):
        three_steps(self)
        self.ok("upgrade", "a1")
        other = sqlite3.connect(self.file, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        try:
            started = time.monotonic()
            self.fails(6, "", "upgrade", "--wait", "300ms", "--lock-timeout", "100ms")
            self.assertLess(time.monotonic() - started, 20)
            self.assertEqual(self.ok("current").out, "a1\n")
        finally:
            other.close()
        self.ok("upgrade")

    def test_relative_urls(self):
        three_steps(self)
        self.ok("upgrade", "--database", "sqlite:///app.db")
        self.assertEqual(self.rows(), ["a3"])

    def test_sql_script_runs_in_the_sqlite_shell(self):
        with_billing(self)
        script = self.ok("upgrade", "--all", "--sql").out
        connection = sqlite3.connect(self.file)
        connection.executescript(script)
        connection.close()
        self.assertEqual((self.rows(), self.rows("alembic_version_billing")), (["a3"], ["b2"]))
        self.assertIn("-- Running upgrade a1 -> a2, add names", script)
        self.assertEqual(self.ok("current").out, "a3 (head)\n")
        script = self.ok("downgrade", "a3:a1", "--sql").out
        self.assertEqual(script.count("DROP"), 2)
        self.assertIn("UPDATE alembic_version SET version_num='a1' WHERE version_num = 'a2';", script)

    def test_interrupted_between_statements(self):
        self.core("a1", "CREATE TABLE users (id integer);")
        self.core("a2", "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 300000000) "
                        "INSERT INTO users SELECT count(*) FROM n;", revises="a1")
        process = subprocess.Popen([SKEIN, "upgrade", "--database", self.url, "--project", self.project],
                                   stderr=subprocess.PIPE, text=True)
        time.sleep(1)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=30)
        self.assertEqual(process.returncode, 1, err)
        self.assertNotIn("users", self.tables())


class OnPostgres(BothEngines, Postgres):
    def test_no_server_and_no_password_in_the_message(self):
        three_steps(self)
        for url in ("postgresql://me:s3cret@127.0.0.1:1/app", "postgresql:///app?host=/nowhere&password=s3cret"):
            result = self.fails(1, "", "upgrade", "--database", url, "--connect-timeout", "2s")
            self.assertNotIn("s3cret", result.err + result.out)
            result = self.skein("current", "-v", "--database", url, "--format", "json")
            self.assertEqual(result.code, 1)
            self.assertNotIn("s3cret", result.err + result.out)

    def test_a_wrong_password(self):
        three_steps(self)
        role = "locked_" + self.name
        self.psql(f"CREATE ROLE \"{role}\" LOGIN PASSWORD 'right'")
        self.addCleanup(lambda: self.admin(f'DROP ROLE "{role}"'))
        self.psql(f"""COPY (SELECT 1) TO PROGRAM 'sed -i "1i local all {role} scram-sha-256" {PG_FOLDER}/data/pg_hba.conf'""")
        self.psql("SELECT pg_reload_conf()")
        url = f"postgresql://{role}:wr0ng@/{self.name}?host={PG_FOLDER}"
        wait = time.monotonic() + 10
        while self.skein("current", "--database", url).code == 0 and time.monotonic() < wait:
            time.sleep(0.1)
        for command in (["upgrade"], ["current", "-v"], ["current", "--format", "json"]):
            result = self.skein(*command, "--database", url)
            self.assertEqual(result.code, 1, result)
            self.assertIn("password", result.err + result.out)
            self.assertNotIn("wr0ng", result.err + result.out)

    def test_no_such_database_or_schema(self):
        three_steps(self)
        self.fails(1, "nosuch", "current", "--database", self.url.replace(self.name, "nosuch"))
        self.fails(1, "nosuch", "upgrade", "--schema", "nosuch")

    def test_missing_privileges(self):
        three_steps(self)
        role = "poor_" + self.name
        self.psql(f'CREATE ROLE "{role}" LOGIN; REVOKE ALL ON SCHEMA public FROM PUBLIC; GRANT USAGE ON SCHEMA public TO "{role}"')
        self.addCleanup(lambda: self.psql(f'DROP OWNED BY "{role}"; DROP ROLE "{role}"'))
        result = self.fails(1, "permission denied", "upgrade", "--database", self.url.replace("user=skein", "user=" + role))
        self.assertIn("42501", result.err)
        self.assertNotIn("users", self.tables())

    def test_a_schema_is_a_target_of_its_own(self):
        three_steps(self)
        self.psql("CREATE SCHEMA tenant_1; CREATE SCHEMA tenant_2")
        self.ok("upgrade", "--schema", "tenant_1")
        tables = self.psql("SELECT schemaname, tablename FROM pg_tables WHERE tablename IN ('users', 'alembic_version') ORDER BY 1, 2")
        self.assertEqual(tables, [("tenant_1", "alembic_version"), ("tenant_1", "users")])
        self.assertEqual(self.ok("current", "--schema", "tenant_2").out, "")
        self.assertEqual(self.ok("current", "--schema", "tenant_1").out, "a3 (head)\n")

    def test_a_lock_held_by_another_session_is_named(self):
        three_steps(self)
        self.ok("upgrade", "a1")
        other = subprocess.Popen(["psql", "-qX", "-h", PG_FOLDER, "-U", "skein", "-d", self.name], stdin=subprocess.PIPE,
                                 stdout=subprocess.DEVNULL, text=True)
        self.addCleanup(lambda: (other.stdin.close(), other.wait()))
        other.stdin.write("BEGIN; LOCK TABLE users IN ACCESS SHARE MODE;\n")
        other.stdin.flush()
        for _ in range(100):
            if self.psql("SELECT 1 FROM pg_locks WHERE relation = 'users'::regclass"):
                break
            time.sleep(0.05)
        result = self.fails(6, "process", "upgrade", "--lock-timeout", "100ms")
        self.assertEqual(self.rows(), ["a1"])
        self.assertIn("nothing was changed", result.err)

    def leave_undecided(self, *command):
        """Kills skein in the middle of a step outside a transaction."""
        process = subprocess.Popen([SKEIN, *command, "--database", self.url, "--project", self.project], stderr=subprocess.DEVNULL)
        for _ in range(200):
            if self.psql("SELECT 1 FROM pg_stat_activity WHERE query LIKE '%pg_sleep%' AND pid <> pg_backend_pid() AND state = 'active'"):
                break
            time.sleep(0.05)
        process.kill()
        process.wait()

    def test_an_undecided_step_waits_for_an_answer(self):
        self.core("a1", "CREATE TABLE users (id integer);", "DROP TABLE users;")
        self.core("a2", "INSERT INTO users VALUES (1);\nSELECT pg_sleep(60);", "SELECT pg_sleep(60);", "a1", options="transaction:false")
        self.leave_undecided("upgrade")
        result = self.fails(1, "a2", "upgrade")
        self.assertIn("resolve", result.err)
        self.assertEqual((self.rows(), self.psql("SELECT count(*) FROM users")), (["a1"], [("1",)]))
        self.fails(2, "one of --applied", "resolve")
        self.assertIn("up of revision a2 of core counts as applied", self.ok("resolve", "--applied").err)
        self.assertEqual(self.rows(), ["a2"])
        self.fails(1, "no step", "resolve", "--applied")
        self.assertIn("nothing to do", self.ok("upgrade").err)
        self.leave_undecided("downgrade", "-1")
        self.assertIn("down of revision a2 of core counts as not applied", self.ok("resolve", "--not-applied").err)
        self.assertEqual(self.rows(), ["a2"])
        self.assertIn("is intact", self.ok("verify").err)

    def test_sql_script_runs_in_psql(self):
        with_billing(self)
        script = self.ok("upgrade", "--all", "--sql", "--engine", "postgresql").out
        self.psql(script)
        self.assertEqual((self.rows(), self.rows("alembic_version_billing")), (["a3"], ["b2"]))
        self.assertEqual(self.ok("current").out, "a3 (head)\n")

    def test_two_at_once_both_end_well(self):
        three_steps(self)
        results = []
        threads = [threading.Thread(target=lambda: results.append(self.skein("upgrade"))) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual([result.code for result in results], [0] * 4, results)
        self.assertEqual(self.rows(), ["a3"])
        self.assertEqual(sum("3 steps" in result.err for result in results), 1)


class BadInput(Case):
    """What needs no database."""

    def test_urls(self):
        three_steps(self)
        self.fails(2, "mysql", "upgrade", "--database", "mysql://u:s3cret@h/d")
        self.assertNotIn("s3cret", self.skein("upgrade", "--database", "mysql://u:s3cret@h/d").err)
        self.fails(2, "DATABASE_URL", "upgrade", database=False)

    def test_show_all_finds_the_module(self):
        with_billing(self)
        self.assertRegex(self.ok("show", "--all", "b2").out, r"\A# billing\nRev: b2 \(head\)\n")
        self.assertEqual([m["module"] for m in self.ok("show", "--all", "head", "--format", "json").json["modules"]], ["core", "billing"])
        self.fails(1, "zzz", "show", "--all", "zzz")

    def test_usage(self):
        three_steps(self)
        self.fails(2, "did you mean 'skein upgrade'?", "upgrad")
        self.fails(2, "did you mean --extension?", "upgrade", "--extention", "x")
        self.fails(2, "exclude each other", "upgrade", "--all", "--extension", "billing")
        self.fails(2, "twice", "upgrade", "a1", "--target", "a2")
        self.fails(2, "no target revision", "downgrade")
        self.fails(2, "the project has no extension 'bilin'", "upgrade", "--extension", "bilin")

    def test_no_project(self):
        self.fails(1, "database/migrations", "heads", env={"SKEIN_PROJECT": ""})

    def test_targets(self):
        three_steps(self)
        self.core("abcd1", "SELECT 1;", revises="a3")
        self.core("abcd2", "SELECT 1;", revises="abcd1")
        for target, code in (("zzz", "unknown_revision"), ("abc", "ambiguous_partial"), ("+9", "relative_unreachable")):
            result = self.skein("plan", "upgrade", target, "--from", "core=", "--format", "json")
            self.assertEqual((result.code, result.json["error"]["code"]), (1, code), result)
            self.fails(1, "", "upgrade", target)
        self.assertFalse(os.path.exists(self.file) and self.tables())

    def test_every_finding_of_a_bad_project_at_once(self):
        self.core("a1", "SELECT 1;", revises="nope")
        self.core("a2", "SELECT 1;", revises="a2")
        self.write("database/migrations/versions/x_step.sql", "-- message: no id\n-- migrate:sideways\n")
        result = self.skein("heads", "--format", "json")
        self.assertEqual(result.code, 1)
        codes = {finding["code"] for finding in result.json["findings"]}
        self.assertLessEqual({"missing_parent", "missing_header", "bad_section"}, codes)
        result = self.fails(1, "a1_step.sql:2", "heads")
        self.assertIn("hint:", result.err)

    def test_from(self):
        with_billing(self)
        self.fails(2, "MODULE=ID", "plan", "upgrade", "--from", "a1")
        self.fails(2, "the project has no extension 'nosuch'", "plan", "upgrade", "--from", "nosuch=a1")
        plan = self.ok("plan", "upgrade", "--all", "--from", "core=a1,billing=b1", "--format", "json").json
        self.assertEqual(plan["before"], {"core": ["a1"], "billing": ["b1"]})
        self.assertEqual([(s["module"], s["revision"]) for s in plan["steps"]], [("core", "a2"), ("core", "a3"), ("billing", "b2")])
        self.assertEqual(plan["steps"][0]["heads_after"], {"core": ["a2"], "billing": ["b1"]})

    def terminal(self, *args, columns=60, **env):
        base = {"PATH": os.environ["PATH"], "HOME": self.folder, "SKEIN_PROJECT": self.project, "LC_ALL": "C.UTF-8", "TERM": "xterm"}
        return on_terminal([SKEIN, *args], columns, {**base, **env}, self.folder)

    def test_output_that_cannot_be_written_is_a_failure(self):
        three_steps(self)
        command = [SKEIN, "history", "--project", self.project]
        with open("/dev/full", "w") as full:
            done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True)
        self.assertEqual(done.returncode, 1)
        self.assertIn("cannot write the output", done.stderr)
        done = subprocess.run(f"{' '.join(command)} | true", shell=True, stderr=subprocess.PIPE, text=True)
        self.assertEqual(done.stderr, "")

    def test_tables_fit_the_terminal(self):
        self.core("a1", "SELECT 1;", message="a message that is far too long for a terminal of sixty columns " * 3)
        code, text = self.terminal("plan", "upgrade", "--from", "core=")
        self.assertEqual(code, 0, text)
        self.assertLessEqual(max(len(line) for line in text.splitlines()), 60, text)
        self.assertIn("a1", text)
        self.assertGreater(max(len(line) for line in self.ok("plan", "upgrade", "--from", "core=").out.splitlines()), 150)

    def test_help_fits_the_terminal(self):
        code, text = self.terminal("upgrade", "--help", columns=60)
        self.assertEqual(code, 0)
        self.assertLessEqual(max(len(line) for line in text.split("Examples:")[0].splitlines()), 60)

    def test_colour_only_on_a_terminal_that_wants_it(self):
        self.assertIn("\033[31merror: \033[0m", self.terminal("heads", "--extension", "nosuch")[1])
        for env in ({"NO_COLOR": "1"}, {"TERM": "dumb"}):
            self.assertNotIn("\033", self.terminal("heads", "--extension", "nosuch", **env)[1])
        self.assertNotIn("\033", self.skein("heads", "--extension", "nosuch", env={"TERM": "xterm"}).err)

    def test_control_characters_of_files_do_not_reach_the_terminal(self):
        self.core("a1", "SELECT 1;", message="clear \033[2J screen")
        self.assertIn("clear \\x1b[2J screen", self.terminal("history", NO_COLOR="1")[1])


if __name__ == "__main__":
    unittest.main()
