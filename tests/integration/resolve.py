#!/usr/bin/env python3
"""`skein resolve TARGET` end to end: an agent dies inside a step outside a transaction, and a person answers.

usage: resolve.py BINARIES [unittest options]
"""

import os
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../support"))

from fleet import Fleet, make_revision, wait_until  # noqa: E402

BINARIES = sys.argv.pop(1) if __name__ == "__main__" else None
LEDGER = "SELECT revision, direction, status FROM {}.skein_ledger ORDER BY seq"


class Resolve(unittest.TestCase):
    """The last revision sleeps outside a transaction for as long as a table says; nothing tells whether it ran."""

    def run(self, result=None):
        before = len(result.failures) + len(result.errors)
        self.fleet = Fleet(BINARIES, core=1, billing=0)
        try:
            return super().run(result)
        finally:
            self.fleet.close(show_logs=len(result.failures) + len(result.errors) > before)

    def leave_undecided(self, targets, *options):
        """The rollout that waits for a person, at all its targets."""
        fleet = self.fleet
        make_revision(fleet.root / "project", "core", 2, ["INSERT INTO runs SELECT 1 FROM pg_sleep((SELECT s FROM nap))"],
                      ["DELETE FROM runs"])
        file = fleet.root / "project/database/migrations/versions/core_02_step.sql"
        file.write_text(file.read_text().replace("-- migrate:up", "-- migrate:up transaction:false"))
        fleet.start_coordinator()
        agent = fleet.make_agent("pg", fleet.schema_section("tenant", targets), log_level="debug")
        for number in range(1, targets + 1):
            schema = f"tenant_{number:03}"
            fleet.psql(f"CREATE TABLE {schema}.nap AS SELECT 60 AS s; CREATE TABLE {schema}.runs (n integer)")
        agent.start()
        wait_until("all targets are read", lambda: fleet.readable_targets() == targets)
        rollout = fleet.start_rollout("--target", "core_02", *options)
        wait_until("all of them are in the step", lambda: fleet.psql(
            "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'") == [[str(targets)]])
        agent.kill()
        for number in range(1, targets + 1):
            fleet.psql(f"UPDATE tenant_{number:03}.nap SET s = 0")
        agent.start()
        wait_until("a person is asked", lambda: {op["state"] for op in fleet.rollout(rollout)[1].values()} == {"needs_operator"})
        return rollout

    def ledger(self, schema):
        return [tuple(row) for row in self.fleet.psql(LEDGER.format(schema))]

    def test_both_answers(self):
        fleet = self.fleet
        rollout = self.leave_undecided(2, "--max-failures", "5")
        self.assertEqual({row["status"] for row in fleet.status().values()}, {"undecided"})
        self.assertEqual(fleet.rollout(rollout)[0]["counts"]["needs_operator"], 2)
        for op in fleet.rollout(rollout)[1].values():
            self.assertIn("whether revision core_02 of core took effect cannot be told", op["error"]["message"])
        done = fleet.skein("resolve", "tenant/tenant_001", "--applied")
        self.assertIn("tenant/tenant_001: applied", done.stderr)
        wait_until("the first is at the goal", lambda: fleet.rollout(rollout)[1]["tenant/tenant_001"]["state"] == "applied")
        self.assertEqual(fleet.rollout(rollout)[1]["tenant/tenant_002"]["state"], "needs_operator")
        self.assertEqual(fleet.status()["tenant/tenant_002"]["status"], "undecided")
        done = fleet.skein("resolve", "tenant/tenant_002", "--not-applied")
        self.assertIn("tenant/tenant_002: not applied", done.stderr)
        self.assertEqual(fleet.wait_for_rollout(rollout), "done")
        self.assertEqual({row["status"] for row in fleet.status().values()}, {"current"})
        # What was said to be there is not run again, what was said to be missing is.
        self.assertEqual(fleet.psql("SELECT (SELECT count(*) FROM tenant_001.runs), (SELECT count(*) FROM tenant_002.runs)"),
                         [["0", "1"]])
        begun = [("core_01", "up", "DONE"), ("core_02", "up", "STARTED")]
        self.assertEqual(self.ledger("tenant_001"), begun + [("core_02", "up", "DONE")])
        self.assertEqual(self.ledger("tenant_002"), begun + [("core_02", "up", "RESOLVED"), ("core_02", "up", "STARTED"),
                                                             ("core_02", "up", "DONE")])
        done = fleet.skein("resolve", "tenant/tenant_001", "--applied", check=False)
        self.assertIn("no step of tenant/tenant_001 waits for an answer", done.stderr)


if __name__ == "__main__":
    unittest.main(verbosity=2)
