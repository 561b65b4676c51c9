#!/usr/bin/env python3
"""The operators' commands against a real coordinator with a real agent and SQLite targets."""

import json
import os
import pathlib
import sqlite3
import subprocess
import sys
import threading
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from cli_support import on_terminal  # noqa: E402
from fleet import Fleet, make_table_revision, wait_until  # noqa: E402

BIN = pathlib.Path(os.environ["SKEIN_BIN"]).parent
TARGETS = 6


class OneFleet(unittest.TestCase):
    """Every test has a fleet of its own: a coordinator, one agent, six SQLite files at base."""

    def setUp(self):
        self.fleet = Fleet(BIN, core=3, billing=1)
        self.addCleanup(self.fleet.__exit__, None, None, None)

    def start(self):
        self.fleet.start_coordinator()
        agent = self.fleet.make_agent("a1", self.fleet.sqlite_section("shop", TARGETS, "env=prod"))
        agent.start()
        wait_until("all targets are read", lambda: self.fleet.readable_targets() == TARGETS)

    def run_as(self, key, *args):
        env = {**os.environ, "SKEIN_COORDINATOR": self.fleet.operator, "SKEIN_KEY": f"{self.fleet.root}/etc/{key}.key",
               "SKEIN_SERVER_KEY": f"{self.fleet.root}/etc/coordinator.key.pub"}
        return subprocess.run([BIN / "skein", *args], capture_output=True, text=True, env=env, timeout=60)

    def expect(self, code, *args):
        done = self.fleet.skein(*args, check=False)
        self.assertEqual(done.returncode, code, f"{args}\n{done.stdout}{done.stderr}")
        return done

    def break_target(self, number, table="core_t02"):
        with sqlite3.connect(self.fleet.root / f"shop/t{number:04}.db") as db:
            db.execute(f"CREATE TABLE {table} (id integer)")

    def repair_target(self, number, table="core_t02"):
        with sqlite3.connect(self.fleet.root / f"shop/t{number:04}.db") as db:
            db.execute(f"DROP TABLE {table}")


class Door(OneFleet):
    def test_nobody_listens(self):
        started = time.monotonic()
        done = self.expect(7, "status")
        self.assertIn("is skein-coordinator running?", done.stderr)
        self.assertLess(time.monotonic() - started, 3)
        done = self.expect(7, "status", "--coordinator", f"tcp://127.0.0.1:{self.fleet.port}", "--timeout", "1s", "--format", "json")
        self.assertEqual(json.loads(done.stdout)["error"]["code"], "no_coordinator")
        self.assertLess(time.monotonic() - started, 8)

    def test_keys_and_roles(self):
        self.fleet.start_coordinator()
        self.fleet.keygen("eve")
        done = self.run_as("eve", "status", "--timeout", "1s")
        self.assertEqual(done.returncode, 7, done)
        eve = next(row for row in self.fleet.json("agent", "list")["agents"] if row["status"] == "pending")
        self.assertIn(eve["fingerprint"], done.stderr)
        self.expect(0, "agent", "accept", "eve", eve["fingerprint"], "--role", "viewer")
        self.assertEqual(self.run_as("eve", "status").returncode, 0)
        for command in (["rollout", "start"], ["agent", "revoke", "admin"], ["push", "--project", str(self.fleet.root / "project")]):
            done = self.run_as("eve", *command)
            self.assertEqual(done.returncode, 8, done)
        self.expect(0, "agent", "revoke", "eve")
        self.assertNotEqual(self.run_as("eve", "status", "--timeout", "1s").returncode, 0)
        self.expect(1, "agent", "accept", "bob", "no-such-key")

    def test_keygen_never_replaces(self):
        path = self.fleet.root / "etc/new.key"
        first = self.expect(0, "keygen", path)
        self.assertRegex(first.stdout, r"\A[0-9a-f]{64}\n\Z")
        self.assertEqual(path.with_suffix(".key.pub").read_text(), first.stdout)
        self.assertEqual(path.stat().st_mode & 0o777, 0o600)
        secret = path.read_text()
        self.expect(8, "keygen", path)
        self.assertEqual(path.read_text(), secret)
        os.chmod(path, 0o644)
        self.expect(8, "status", "--key", path)

    def test_client_ini(self):
        self.fleet.start_coordinator()
        folder = self.fleet.root / ".config/skein"
        folder.mkdir(parents=True)
        os.rename(self.fleet.root / "etc/admin.key", folder / "operator.key")
        (folder / "client.ini").write_text(f"[client]\ncoordinator = {self.fleet.operator}\n"
                                           f"server_key = {self.fleet.root}/etc/coordinator.key.pub\n")
        env = {"PATH": os.environ["PATH"], "HOME": str(self.fleet.root)}
        done = subprocess.run([BIN / "skein", "status"], capture_output=True, text=True, env=env, timeout=60)
        self.assertEqual(done.returncode, 0, done)
        (folder / "client.ini").write_text("[client]\ncordinator = x\n")
        done = subprocess.run([BIN / "skein", "status"], capture_output=True, text=True, env=env, timeout=60)
        self.assertEqual(done.returncode, 1, done)
        self.assertIn("client.ini:2", done.stderr)


class Rollouts(OneFleet):
    def test_status_filters_and_rollout_to_the_end(self):
        self.start()
        self.assertEqual(len(self.fleet.json("status", "shop/t000?", "-l", "env=prod")["targets"]), TARGETS)
        self.assertEqual([row["target"] for row in self.fleet.json("status", "*3")["targets"]], ["shop/t0003"])
        self.assertEqual(self.fleet.json("status", "-l", "env!=prod")["targets"], [])
        lines = [json.loads(line) for line in self.expect(0, "status", "--format", "jsonl").stdout.splitlines()]
        self.assertEqual((len(lines), lines[-1]["summary"]["counts"]["behind"]), (TARGETS + 1, TARGETS))
        self.expect(3, "status", "--check")
        groups = self.fleet.json("plan", "fleet", "--all")["groups"]
        self.assertEqual(self.fleet.json("rollout", "start", "--all", "--dry-run")["groups"], groups)
        self.assertEqual([(g["targets"], len(g["plan"]["steps"])) for g in groups], [(TARGETS, 4)])
        rollout = self.expect(0, "rollout", "start", "--all").stdout.strip()
        self.assertRegex(rollout, r"\A[0-9a-f]{32}\Z")
        self.assertIn(f"{TARGETS} of {TARGETS} targets at the goal", self.expect(0, "rollout", "watch", rollout[:8]).stderr)
        self.expect(0, "status", "--check")
        shown, operations = self.fleet.rollout(rollout)
        self.assertEqual((shown["status"], shown["counts"]["applied"], len(operations)), ("done", TARGETS, TARGETS))
        self.assertEqual([row["rollout"] for row in self.fleet.json("rollout", "list")["rollouts"]], [rollout])

    def test_one_failure_and_its_repair(self):
        self.start()
        self.break_target(2)
        done = self.expect(4, "rollout", "start", "--all", "--watch", "--max-failures", "1")
        failures = [line for line in done.stdout.splitlines() if line.startswith("failed ")]
        self.assertEqual(len(failures), 1, done.stdout)
        self.assertIn("shop/t0002: database/migrations/versions/core_02_step.sql:", failures[0])
        self.assertIn("already exists", failures[0])
        shown = self.fleet.json("rollout", "show", "--problems")
        self.assertEqual([op["target"] for op in shown["operations"]], ["shop/t0002"])
        self.assertEqual(shown["operations"][0]["retries"], 0)
        self.assertEqual(shown["status"], "partial")
        self.repair_target(2)
        self.expect(0, "rollout", "start", "--all", "--watch")
        self.expect(0, "status", "--check")

    def test_watching_on_a_terminal_draws_a_bar(self):
        self.start()
        self.break_target(5)
        env = {**os.environ, "SKEIN_COORDINATOR": self.fleet.operator, "SKEIN_KEY": f"{self.fleet.root}/etc/admin.key",
               "SKEIN_SERVER_KEY": f"{self.fleet.root}/etc/coordinator.key.pub", "TERM": "xterm"}
        env.pop("NO_COLOR", None)
        code, text = on_terminal([BIN / "skein", "rollout", "start", "--all", "--watch", "--max-failures", "9"], 70, env)
        self.assertEqual(code, 4, text)
        self.assertIn("\033[31mfailed\033[0m shop/t0005: ", text)
        self.assertIn(f"] {TARGETS} of {TARGETS}, 0 at work, 1 not well", text)
        code, text = on_terminal([BIN / "skein", "status"], 70, env)
        lines = text.splitlines()
        self.assertEqual(code, 0, text)
        self.assertLessEqual(max(len(line) for line in lines[3:]), 70, text)

    def test_too_many_failures_halt(self):
        self.start()
        for number in (1, 2, 3):
            self.break_target(number)
        done = self.expect(5, "rollout", "start", "--all", "--parallel", "1", "--watch", "--format", "jsonl")
        last = json.loads(done.stdout.splitlines()[-1])
        self.assertEqual((last["status"], last["counts"]["failed"]), ("halted", 1))

    def test_cancel(self):
        self.start()
        self.fleet.agents["a1"].kill()
        rollout = self.fleet.start_rollout("--all")
        self.expect(0, "rollout", "cancel", rollout)
        self.fleet.agents["a1"].start()
        self.assertEqual(self.fleet.wait_for_rollout(rollout), "cancelled")
        self.expect(5, "rollout", "watch", rollout)

    def test_watching_says_what_it_waits_for(self):
        self.start()
        self.fleet.agents["a1"].kill()
        rollout = self.fleet.start_rollout("--all")
        watch = subprocess.Popen([BIN / "skein", "rollout", "watch", rollout], stderr=subprocess.PIPE, text=True,
                                 env={**os.environ, "SKEIN_COORDINATOR": self.fleet.operator,
                                      "SKEIN_KEY": f"{self.fleet.root}/etc/admin.key",
                                      "SKEIN_SERVER_KEY": f"{self.fleet.root}/etc/coordinator.key.pub"})
        self.addCleanup(watch.wait)
        self.addCleanup(watch.stderr.close)
        self.assertIn(f"{TARGETS} of {TARGETS} targets are open, shop/t0001", watch.stderr.readline())
        self.fleet.agents["a1"].start()
        self.assertEqual(watch.wait(60), 0)

    def test_watching_outlives_the_coordinator(self):
        self.start()
        self.fleet.agents["a1"].kill()
        rollout = self.fleet.start_rollout("--all")
        results = []
        watcher = threading.Thread(target=lambda: results.append(self.fleet.skein("rollout", "watch", rollout, "--timeout", "1s", check=False)))
        watcher.start()
        time.sleep(1)
        self.fleet.coordinator.kill()
        self.fleet.start_coordinator()
        self.fleet.agents["a1"].start()
        watcher.join()
        self.assertEqual(results[0].returncode, 0, results[0])

    def test_push_refuses_what_was_edited_after_it_was_applied(self):
        self.start()
        self.expect(0, "rollout", "start", "--all", "--watch")
        project = self.fleet.root / "project"
        make_table_revision(project, "core", 4)
        self.assertIn("1 new", self.expect(0, "push", "--project", project).stderr)
        edited = project / "database/migrations/versions/core_02_step.sql"
        edited.write_text(edited.read_text().replace("words", "wordz"))
        done = self.expect(8, "push", "--project", project, "--format", "json")
        self.assertIn("core_02", done.stdout)
        edited.write_text("-- revision: core_02\n-- revises: nowhere\n-- migrate:up\nSELECT 1;\n")
        done = self.expect(1, "push", "--project", project)
        self.assertIn("core_02_step.sql:2", done.stderr)


if __name__ == "__main__":
    unittest.main()
