#!/usr/bin/env python3
"""Replication: a server that follows another one is refused before anything is tried, and a COMMIT that is durable here
but whose wait for a standby was cut short is no failure."""

import os
import pathlib
import subprocess
import sys
import tempfile
import time
import unittest

SKEIN = os.environ["SKEIN_BIN"]
PRIVATE = pathlib.Path(__file__).resolve().parent.parent / "support" / "pg_private"


class Standby(unittest.TestCase):
    def setUp(self):
        holder = tempfile.TemporaryDirectory(prefix="skein-standby-")
        self.addCleanup(holder.cleanup)
        os.chmod(holder.name, 0o755)
        self.root = pathlib.Path(holder.name)
        versions = self.root / "database" / "migrations" / "versions"
        versions.mkdir(parents=True)
        (versions / "a1.sql").write_text("-- revision: a1\n-- revises:\n\n-- migrate:up\nCREATE TABLE t (n INTEGER);\n")
        self.url = self.private("start", "fsync=off").strip()
        self.addCleanup(self.private, "stop")

    def test_standby(self):
        self.private("stop")
        (self.root / "pg" / "data" / "standby.signal").touch()
        self.private("launch")
        done = self.upgrade()
        said = done.communicate(timeout=60)[1]
        self.assertEqual(done.returncode, 1)
        self.assertIn("is a standby server", said)
        self.assertIn("hint: connect to the primary", said)
        self.query("SELECT pg_promote()")
        done = self.upgrade()
        said = done.communicate(timeout=60)[1]
        self.assertEqual(done.returncode, 0, said)

    def test_standby_that_does_not_answer(self):
        self.query("ALTER SYSTEM SET synchronous_standby_names = 'nobody'")
        self.query("SELECT pg_reload_conf()")
        done = self.upgrade()
        waiting = "FROM pg_stat_activity WHERE wait_event = 'SyncRep'"
        for _ in range(200):
            if done.poll() is not None or self.query(f"SELECT count(*) {waiting}") == "1":
                break
            time.sleep(0.05)
        self.assertIsNone(done.poll(), "COMMIT was meant to wait")
        while done.poll() is None:  # the wait for it, and for every later transaction
            self.query(f"SELECT pg_cancel_backend(pid) {waiting}")
            time.sleep(0.1)
        said = done.communicate(timeout=60)[1]
        self.assertEqual(done.returncode, 0, said)
        self.assertIn("no standby has confirmed it", said)
        self.assertEqual(self.query("SELECT version_num FROM alembic_version"), "a1")

    def private(self, verb, *settings):
        return subprocess.run([PRIVATE, verb, self.root / "pg", *settings], check=True, stdout=subprocess.PIPE,
                              text=True).stdout

    def query(self, sql):
        return subprocess.run(["psql", "-qAtX", self.url, "-c", sql], check=True, stdout=subprocess.PIPE,
                              text=True).stdout.strip()

    def upgrade(self):
        return subprocess.Popen([SKEIN, "upgrade", "--project", self.root, "--database", self.url],
                                stderr=subprocess.PIPE, text=True)


if __name__ == "__main__":
    sys.exit(unittest.main())
