#!/usr/bin/env python3
"""A fleet whose targets stand before, inside and beyond a range that is squashed.

usage: squash_fleet.py BINARIES [unittest options]
"""

import os
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../support"))

from fleet import Fleet, wait_until  # noqa: E402

BINARIES = sys.argv.pop(1) if __name__ == "__main__" else None
HEADS = [f"core_{number:02}" for number in range(0, 7)]  # by number; 0 is base


class SquashedFleet(unittest.TestCase):
    def setUp(self):
        self.fleet = Fleet(BINARIES, core=6, billing=1)
        self.addCleanup(lambda: self.fleet.close(show_logs=False))
        self.fleet.start_coordinator()
        self.fleet.make_agent("north", self.fleet.sqlite_section("north", 7)).start()
        wait_until("all targets are known", lambda: self.fleet.readable_targets() == 7)

    def local(self, *args, check=True):
        return self.fleet.skein(*args, "--project", self.fleet.root / "project", check=check)

    def rollout(self, *args):
        return self.fleet.wait_for_rollout(self.fleet.start_rollout(*args))

    def states(self):
        return [self.fleet.sqlite_state(self.fleet.root / f"north/t{number:04}.db") for number in range(1, 8)]

    def heads(self):
        return [heads.get("core", []) for heads, _, _ in self.states()]

    def ledgers(self):
        return [[(row[0], row[1], row[2]) for row in ledger] for _, ledger, _ in self.states()]

    def spread(self):
        """Target n stands at revision n - 1."""
        self.fleet.skein("push", "--project", self.fleet.root / "project")
        for number in range(2, 8):
            self.assertEqual(self.rollout("--target", HEADS[number - 1], f"north/t{number:04}"), "done")
        self.assertEqual(self.heads(), [[h] if h != "core_00" else [] for h in HEADS])

    def squash(self):
        refused = self.local("squash", "core_03:core_05", "-m", "the middle", "--fleet", check=False)
        self.assertEqual(refused.returncode, 8, refused.stderr)
        self.assertIn("5 databases have not applied the whole range", refused.stderr)
        self.assertIn("north/t0004 (core=core_03)", refused.stderr)
        return self.local("squash", "core_03:core_05", "-m", "the middle", "--fleet", "--force").stdout.strip()

    def test_everyone_finds_the_way(self):
        self.spread()
        path = self.squash()
        pushed = self.fleet.json("push", "--project", self.fleet.root / "project")
        self.assertEqual((pushed["added"], pushed["removed"]), (1, 0))
        self.assertEqual(self.rollout("--target", "core_06"), "done")
        self.assertEqual(self.heads(), [["core_06"]] * 7)
        short, steps = ["core_01", "core_02", "core_05", "core_06"], HEADS[1:]
        self.assertEqual([[row[1] for row in ledger] for ledger in self.ledgers()],
                         [short, short, short, steps, steps, steps, steps])
        self.assertEqual(len({str(sorted(counts.items())) for _, _, counts in self.states()}), 1)
        self.assertEqual(self.rollout("--downgrade", "--target", "core_02"), "done")
        self.assertEqual(self.heads(), [["core_02"]] * 7)
        self.assertEqual({tuple(row[1] for row in ledger[-2:]) for ledger in self.ledgers()}, {("core_06", "core_05")})
        self.assertEqual(self.rollout("--target", "core_04", "north/t0001"), "done")
        self.assertEqual(self.rollout("--target", "core_06"), "done")
        # What ran must stay as it is: the squashed revision like any other, and the replaced ones.
        with open(path, "a") as file:
            file.write("SELECT 1;\n")
        self.assertIn("core_05 was changed after it was applied", self.refused())
        with open(path) as file:
            text = file.read()
        with open(path, "w") as file:
            file.write(text.removesuffix("SELECT 1;\n"))
        self.fleet.skein("push", "--project", self.fleet.root / "project")
        replaced = self.fleet.root / "project/database/migrations/versions/squashed/core_04_step.sql"
        with open(replaced, "a") as file:
            file.write("SELECT 1;\n")
        self.assertIn("core_04 was changed after it was applied", self.refused())

    def test_files_removed_later(self):
        self.spread()
        self.squash()
        self.fleet.skein("push", "--project", self.fleet.root / "project")
        folder = self.fleet.root / "project/database/migrations/versions/squashed"
        for file in folder.glob("*.sql"):
            file.unlink()
        message = self.refused()
        for id in ("core_03", "core_04"):
            self.assertIn(f"the file of '{id}', which 'core_05' replaces, is gone, and 1 target is at it", message)
        self.assertEqual(self.rollout("--target", "core_06"), "done")
        pushed = self.fleet.json("push", "--project", self.fleet.root / "project")
        self.assertEqual(pushed["removed"], 2)
        self.assertEqual(self.rollout("--downgrade", "--target", "base"), "done")
        self.assertEqual(self.heads(), [[]] * 7)

    def refused(self):
        done = self.fleet.skein("push", "--project", self.fleet.root / "project", check=False)
        self.assertEqual(done.returncode, 8, done.stderr)
        return done.stderr


if __name__ == "__main__":
    unittest.main()
