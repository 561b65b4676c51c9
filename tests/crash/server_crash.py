#!/usr/bin/env python3
"""The PostgreSQL server itself ends while `skein upgrade` runs, all of its processes at once, as often as time allows.

Afterwards the rows, the version table and the ledger tell the same story, nothing that was reported as applied is
gone, and the next run finishes what is left, once.
"""

import os
import pathlib
import random
import subprocess
import sys
import tempfile
import time
import unittest

SKEIN = os.environ["SKEIN_BIN"]
PRIVATE = pathlib.Path(__file__).resolve().parent.parent / "support" / "pg_private"
REVISIONS, CYCLES = 120, 3


class ServerCrash(unittest.TestCase):
    def setUp(self):
        holder = tempfile.TemporaryDirectory(prefix="skein-crash-")
        self.addCleanup(holder.cleanup)
        os.chmod(holder.name, 0o755)
        self.root = pathlib.Path(holder.name)
        versions = self.root / "database" / "migrations" / "versions"
        versions.mkdir(parents=True)
        for n in range(REVISIONS):
            head = f"-- revision: r{n:03}\n-- revises: {f'r{n - 1:03}' if n else ''}\n\n-- migrate:up\n"
            make = "CREATE TABLE log (n INTEGER);\n" if n == 0 else ""
            (versions / f"r{n:03}.sql").write_text(f"{head}{make}INSERT INTO log VALUES ({n});\nSELECT pg_sleep(0.02);\n")
        self.url = self.private("start").strip()
        self.addCleanup(self.private, "stop")

    def private(self, verb):
        return subprocess.run([PRIVATE, verb, self.root / "pg"], check=True, stdout=subprocess.PIPE, text=True).stdout

    def query(self, sql):
        return subprocess.run(["psql", "-qAtX", self.url, "-c", sql], check=True, stdout=subprocess.PIPE,
                              text=True).stdout.split()

    def upgrade(self, *options):
        return subprocess.Popen([SKEIN, "upgrade", *options, "--transaction-per-revision", "--project", self.root,
                                 "--database", self.url], stderr=subprocess.PIPE, text=True)

    def applied(self):
        """How many revisions are in, after a check that everything agrees about it."""
        if not self.query("SELECT 1 FROM pg_class WHERE relname = 'log'"):
            return 0
        rows = sorted(int(n) for n in self.query("SELECT n FROM log"))
        self.assertEqual(rows, list(range(len(rows))))
        self.assertEqual(self.query("SELECT version_num FROM alembic_version"), [f"r{len(rows) - 1:03}"])
        self.assertEqual(self.query("SELECT count(*) FROM skein_ledger WHERE status = 'DONE'"), [str(len(rows))])
        subprocess.run([SKEIN, "verify", "--database", self.url], check=True, stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL)
        return len(rows)

    def await_work(self, before, process):
        """Until the run has committed something of its own: a slow start shall not make the crash come too early."""
        while process.poll() is None and self.applied_so_far() <= before:
            time.sleep(0.01)

    def applied_so_far(self):
        if not self.query("SELECT 1 FROM pg_class WHERE relname = 'log'"):
            return 0
        return int(self.query("SELECT count(*) FROM log")[0])

    def test_server_ends_while_skein_runs(self):
        draw = random.Random(7)
        interrupted = 0
        for cycle in range(CYCLES):
            before = self.applied()
            if before > REVISIONS - 20:
                break
            process = self.upgrade(f"r{min(before + 60, REVISIONS - 1):03}")
            self.await_work(before, process)
            time.sleep(draw.uniform(0, 0.2))
            self.private("crash")
            self.private("launch")
            _, said = process.communicate(timeout=60)
            interrupted += process.returncode != 0
            after = self.applied()
            self.assertGreaterEqual(after, before)
            if process.returncode == 0:
                self.assertEqual(after, min(before + 61, REVISIONS), f"cycle {cycle}: {said}")
            else:
                self.assertRegex(said, "connection|server|starting up|shut|connect", f"cycle {cycle}")
        self.assertGreater(interrupted, 0, "no run was interrupted")
        process = self.upgrade()
        _, said = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 0, said)
        self.assertEqual(self.applied(), REVISIONS)


if __name__ == "__main__":
    sys.exit(unittest.main())
