#!/usr/bin/env python3
"""What must be refused, said and survived by a real coordinator with real agents.

usage: fleet_refusals.py BINARIES [unittest options]
"""

import contextlib
import os
import re
import shutil
import sqlite3
import subprocess
import sys
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../support"))

from fleet import Fleet, make_revision, wait_until  # noqa: E402

BINARIES = sys.argv.pop(1) if __name__ == "__main__" else None
SECRET = "hunter2-topsecret"


class FleetTest(unittest.TestCase):
    def run(self, result=None):
        """Every test has a fleet of its own; its logs are shown when the test fails."""
        before = len(result.failures) + len(result.errors)
        self.fleet = Fleet(BINARIES, core=2, billing=1)
        try:
            return super().run(result)
        finally:
            self.fleet.close(show_logs=len(result.failures) + len(result.errors) > before)

    def wait_for_state(self, target, state):
        return wait_until(f"{target} is in the state {state}",
                          lambda: self.row(target) is not None and self.row(target)["state"] == state)

    def row(self, target):
        return self.fleet.status().get(target)

    def wait_for_problem(self, target, pattern):
        def said():
            row = self.row(target)
            return row is not None and row["problem"] is not None and re.search(pattern, row["problem"])
        return wait_until(f"{target} has a problem like {pattern}", said)

    def upgrade(self, *args):
        """The status in which the rollout ended."""
        return self.fleet.wait_for_rollout(self.fleet.start_rollout("--target", "core_02", *args))

    def wait_for_error(self, rollout, target, pattern):
        """The target's part of the rollout has an error like this, while the rollout goes on trying."""
        def said():
            shown, operations = self.fleet.rollout(rollout)
            return shown["ended"] is None and re.search(pattern, str(operations[target]["error"]))
        return wait_until(f"{target} fails with {pattern}", said)


class Agents(FleetTest):
    def test_unknown_key_is_kept_out_until_it_is_accepted(self):
        fleet = self.fleet
        fleet.start_coordinator()
        agent = fleet.make_agent("stranger", fleet.sqlite_section("north", 1), accept=False)
        agent.start()

        def pending():
            return [row for row in fleet.json("agent", "list")["agents"] if row["status"] == "pending"]
        knock = wait_until("the key waits for an answer", pending)[0]
        self.assertEqual(fleet.status(), {})
        self.assertIn(knock["fingerprint"], agent.text())
        fleet.skein("agent", "accept", "stranger", knock["fingerprint"])
        wait_until("the agent gets in by itself", lambda: "north/t0001" in fleet.status(), 60)

    def test_agent_waits_for_a_coordinator_that_comes_later(self):
        fleet = self.fleet
        fleet.start_coordinator()
        agent = fleet.make_agent("early", fleet.sqlite_section("north", 2))
        fleet.coordinator.stop()
        agent.start()
        wait_until("the agent has found its targets", lambda: "targets discovered" in agent.text())
        fleet.start_coordinator()
        self.wait_for_state("north/t0002", {})
        self.assertTrue(agent.alive())

    def test_wrong_server_key_is_never_talked_to(self):
        fleet = self.fleet
        fleet.keygen("other")
        fleet.start_coordinator()
        good = fleet.make_agent("good", fleet.sqlite_section("north", 1))
        wrong = fleet.make_agent("wrong", fleet.sqlite_section("south", 1),
                                 server_key_file=f"{fleet.root}/etc/other.key.pub")
        wrong.start()
        good.start()
        self.wait_for_state("north/t0001", {})
        self.assertNotIn("south/t0001", fleet.status())
        connected = {row["name"]: row["connected"] for row in fleet.json("agent", "list")["agents"]}
        self.assertEqual((connected["good"], connected["wrong"]), (True, False))
        self.assertTrue(wrong.alive())

    def test_second_agent_does_not_get_a_target_that_has_one(self):
        fleet = self.fleet
        fleet.start_coordinator()
        section = fleet.sqlite_section("north", 3)
        first = fleet.make_agent("first", section)
        first.start()
        self.wait_for_state("north/t0003", {})
        second = fleet.make_agent("second", section)
        second.start()
        wait_until("the second agent is told", lambda: "north/t0001" in second.text())
        self.assertEqual({row["agent"] for row in fleet.status().values()}, {"first"})
        self.assertEqual(self.upgrade(), "done")
        for number in (1, 2, 3):
            _, ledger, _ = fleet.sqlite_state(fleet.root / f"north/t{number:04}.db")
            self.assertEqual([row[1] for row in ledger], ["core_01", "core_02"])

    def test_key_file_that_others_can_read_is_refused(self):
        fleet = self.fleet
        fleet.start_coordinator()
        agent = fleet.make_agent("careless", fleet.sqlite_section("north", 1))
        key = fleet.root / "etc/careless.key"
        key.chmod(0o640)
        agent.start()
        self.assertEqual(agent.process.wait(timeout=10), 8)
        self.assertIn(f"chmod 600 {key}", agent.text())

    def test_stop_and_reload(self):
        fleet = self.fleet
        fleet.start_coordinator()
        agent = fleet.make_agent("north", fleet.sqlite_section("north", 1), rediscover="1h")
        agent.start()
        self.wait_for_state("north/t0001", {})
        sqlite3.connect(fleet.root / "north/t0002.db").execute("CREATE TABLE other (x)")
        agent.process.send_signal(1)
        self.wait_for_state("north/t0002", {})
        (fleet.root / "north/t0001.db").unlink()
        agent.process.send_signal(1)
        wait_until("the file that went is gone", lambda: "north/t0001" not in fleet.status() or
                   fleet.status()["north/t0001"]["status"] != "behind")
        self.assertEqual(agent.stop(), 0)
        self.assertIn("ends", agent.text())


class Files(FleetTest):
    def start(self, count=2, **settings):
        self.fleet.start_coordinator()
        agent = self.fleet.make_agent("north", self.fleet.sqlite_section("north", count), **settings)
        self.folder = self.fleet.root / "north"
        return agent

    def test_file_that_is_no_database(self):
        agent = self.start()
        (self.folder / "t0001.db").write_text("neither head nor tail\n" * 100)
        agent.start()
        self.wait_for_problem("north/t0001", "not a database")
        self.wait_for_state("north/t0002", {})
        self.assertEqual(self.row("north/t0001")["status"], "unreadable")
        self.upgrade("north/t0002")
        self.wait_for_state("north/t0002", {"core": ["core_02"]})
        self.assertTrue((self.folder / "t0001.db").read_text().startswith("neither"))

    def test_locked_file_is_waited_for_and_the_others_are_not(self):
        agent = self.start(lock_wait="60s")
        agent.start()
        self.wait_for_state("north/t0001", {})
        holder = sqlite3.connect(self.folder / "t0001.db", isolation_level=None)
        holder.execute("BEGIN IMMEDIATE")
        rollout = self.fleet.start_rollout("--target", "core_02")
        self.wait_for_state("north/t0002", {"core": ["core_02"]})
        self.assertEqual(self.fleet.rollout(rollout)[0]["status"], "running")
        holder.execute("ROLLBACK")
        holder.close()
        self.assertEqual(self.fleet.wait_for_rollout(rollout), "done")
        self.wait_for_state("north/t0001", {"core": ["core_02"]})

    def test_full_disk_is_waited_for(self):
        agent = self.start()
        small = self.fleet.root / "small"
        small.mkdir()
        if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "skein-test", small], check=False,
                          stderr=subprocess.DEVNULL).returncode != 0:
            self.skipTest("mounting a small tmpfs is not permitted here")
        self.addCleanup(subprocess.run, ["umount", "-l", small], check=False)
        sqlite3.connect(small / "full.db").execute("PRAGMA user_version = 1")
        with open(small / "ballast", "wb", buffering=0) as ballast, contextlib.suppress(OSError):
            while True:
                ballast.write(b"x" * 4096)
        ini = self.fleet.root / "etc/north.ini"
        ini.write_text(ini.read_text() + f"[sqlite small]\nfiles = {small}/full.db\n")
        agent.start()
        self.wait_for_state("small", {})
        rollout = self.fleet.start_rollout("--target", "core_02")
        self.wait_for_error(rollout, "small", "full")
        self.wait_for_state("north/t0001", {"core": ["core_02"]})
        self.assertEqual(self.fleet.sqlite_state(small / "full.db"), ({}, [], {}))
        (small / "ballast").unlink()
        self.assertEqual(self.fleet.wait_for_rollout(rollout, 90), "done")
        self.assertEqual(self.fleet.sqlite_state(small / "full.db")[0], {"core": ["core_02"]})

    def test_read_only_file_is_waited_for(self):
        if os.geteuid() != 0 or shutil.which("setpriv") is None:
            self.skipTest("needs root, to run the agent as a user who may not write")
        fleet = self.fleet
        agent = self.start()
        etc = fleet.root / "etc"
        shutil.chown(etc / "north.key", "nobody")
        # The checkout may lie in a folder that only root enters.
        program = shutil.copy2(agent.argv[0], fleet.root / "skein-agent")
        agent.argv = ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups", program, *agent.argv[1:]]
        for number in (1, 2):
            shutil.chown(self.folder / f"t{number:04}.db", "nobody")
        shutil.chown(self.folder, "nobody")
        (self.folder / "t0001.db").chmod(0o444)
        shutil.chown(self.folder / "t0001.db", "root")
        agent.start()
        self.wait_for_state("north/t0001", {})
        rollout = fleet.start_rollout("--target", "core_02")
        self.wait_for_error(rollout, "north/t0001", "read.?only")
        self.wait_for_state("north/t0002", {"core": ["core_02"]})
        self.assertEqual(fleet.sqlite_state(self.folder / "t0001.db"), ({}, [], {}))
        shutil.chown(self.folder / "t0001.db", "nobody")
        (self.folder / "t0001.db").chmod(0o644)
        self.assertEqual(fleet.wait_for_rollout(rollout, 90), "done")
        self.assertEqual(fleet.sqlite_state(self.folder / "t0001.db")[0], {"core": ["core_02"]})


class Servers(FleetTest):
    def test_wrong_password_is_said_and_never_printed(self):
        fleet = self.fleet
        fleet.start_coordinator()
        good = fleet.schema_section("tenant", 1)
        data = fleet.root / "pg/data"
        rules = (data / "pg_hba.conf").read_text()
        (data / "pg_hba.conf").write_text("local all locked scram-sha-256\n" + rules)
        fleet.psql("CREATE ROLE locked LOGIN PASSWORD 'right'; SELECT pg_reload_conf()")
        bad = f"postgresql://locked:{SECRET}@/postgres?host={fleet.root}/pg"
        agent = fleet.make_agent("pg", f"{good}[postgresql one]\nurl = {bad}\n"
                                 f"[postgresql many]\nurl = {bad}\nschemas = %\n", log_level="debug")
        agent.start()
        self.wait_for_state("tenant/tenant_001", {})
        self.wait_for_problem("one", "password authentication failed")
        wait_until("the failed discovery is said", lambda: "section=many" in agent.text())
        self.assertEqual(self.upgrade("tenant/*"), "done")
        said = agent.text() + fleet.coordinator.text() + fleet.skein("status", "--format", "json").stdout
        self.assertNotIn(SECRET, said)
        self.assertNotIn("topsecret", said)

    def test_scripts_run_as_the_role_of_their_section(self):
        fleet = self.fleet
        fleet.start_coordinator()
        first = fleet.schema_section("tenant", 1) + "role = app_owner\n"
        second = fleet.schema_section("other", 1)  # the same server: its connection must not be taken over
        fleet.psql("CREATE ROLE app_owner; GRANT USAGE, CREATE ON SCHEMA tenant_001 TO app_owner")
        fleet.make_agent("pg", first + second, workers="1").start()
        self.wait_for_state("tenant/tenant_001", {})
        self.wait_for_state("other/other_001", {})
        self.assertEqual(self.upgrade(), "done")
        owners = dict(fleet.psql("SELECT schemaname || '.' || tablename, tableowner FROM pg_tables"))
        me = fleet.psql("SELECT current_user")[0][0]
        self.assertEqual(owners["tenant_001.core_t02"], "app_owner")
        self.assertEqual({owners[f"tenant_001.{t}"] for t in ("skein_ledger", "skein_state", "alembic_version")}, {me})
        self.assertEqual(owners["other_001.core_t02"], me)

    def test_server_that_goes_away_and_comes_back(self):
        fleet = self.fleet
        fleet.start_coordinator()
        agent = fleet.make_agent("pg", fleet.schema_section("tenant", 3))
        agent.start()
        self.wait_for_state("tenant/tenant_003", {})
        fleet.server("crash")
        agent.process.send_signal(1)
        wait_until("the agent says that it cannot ask", lambda: "discovery found a problem" in agent.text())
        self.assertIn("tenant/tenant_003", fleet.status())
        rollout = fleet.start_rollout("--target", "core_02", "--max-failures", "0")
        fleet.server("launch")
        self.assertEqual(fleet.wait_for_rollout(rollout, 90), "done")
        for number in (1, 2, 3):
            _, ledger, _ = fleet.schema_state(f"tenant_{number:03}")
            self.assertEqual([row[1] for row in ledger], ["core_01", "core_02"])


    def test_agent_that_starts_while_its_server_is_down(self):
        fleet = self.fleet
        fleet.start_coordinator()
        agent = fleet.make_agent("pg", fleet.sqlite_section("north", 1) + fleet.schema_section("tenant", 2))
        agent.start()
        self.wait_for_state("tenant/tenant_002", {})
        agent.kill()
        fleet.server("crash")
        agent.start()
        wait_until("the agent says that it cannot ask", lambda: "discovery found a problem" in agent.text())
        rollout = fleet.start_rollout("--target", "core_02", "--max-failures", "0")
        self.wait_for_state("north/t0001", {"core": ["core_02"]})
        shown, operations = fleet.rollout(rollout)
        self.assertIsNone(shown["ended"])
        self.assertEqual(set(operations), {"north/t0001", "tenant/tenant_001", "tenant/tenant_002"})
        fleet.server("launch")
        self.assertEqual(fleet.wait_for_rollout(rollout, 90), "done")
        self.wait_for_state("tenant/tenant_002", {"core": ["core_02"]})
        self.assertEqual(len(fleet.schema_state("tenant_001")[1]), 2)


class Stopping(FleetTest):
    def start(self, **settings):
        """A rollout whose migration takes a while, at the moment when it is at work; the agent and the rollout."""
        fleet = self.fleet
        make_revision(fleet.root / "project", "core", 3, ["CREATE TABLE slow (x INTEGER)", "SELECT pg_sleep(3)"], [])
        fleet.start_coordinator()
        agent = fleet.make_agent("pg", fleet.schema_section("tenant", 1), **settings)
        agent.start()
        self.wait_for_state("tenant/tenant_001", {})
        rollout = fleet.start_rollout("--target", "core_03")
        wait_until("the migration is at work", lambda: fleet.psql(
            "SELECT 1 FROM pg_stat_activity WHERE query LIKE '%pg_sleep%' AND pid <> pg_backend_pid()"))
        return agent, rollout

    def test_migration_may_finish_within_the_grace(self):
        agent, rollout = self.start(stop_grace="20s")
        self.assertEqual(agent.stop(), 0)
        heads, ledger, _ = self.fleet.schema_state("tenant_001")
        self.assertEqual((heads, len(ledger)), ({"core": ["core_03"]}, 3))
        agent.start()
        self.assertEqual(self.fleet.wait_for_rollout(rollout), "done")
        self.assertEqual(self.fleet.schema_state("tenant_001")[1], ledger)

    def test_migration_is_rolled_back_after_the_grace(self):
        agent, rollout = self.start(stop_grace="0s")
        begun = time.monotonic()
        self.assertEqual(agent.stop(), 0)
        self.assertLess(time.monotonic() - begun, 2.5)
        heads, ledger, tables = self.fleet.schema_state("tenant_001")
        self.assertEqual((heads.get("core", []), ledger, tables), ([], [], {}))
        self.assertEqual(self.fleet.psql("SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'skein%'"),
                         [["0"]])
        agent.start()
        self.assertEqual(self.fleet.wait_for_rollout(rollout), "done")
        self.assertEqual(len(self.fleet.schema_state("tenant_001")[1]), 3)


if __name__ == "__main__":
    unittest.main(verbosity=2)
