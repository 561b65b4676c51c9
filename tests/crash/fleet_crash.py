#!/usr/bin/env python3
"""Kills a real coordinator, real agents and a real PostgreSQL server at random moments of rollouts, starts them
again, and compares what the coordinator says with what the databases say.

usage: fleet_crash.py BINARIES

SKEIN_CRASH_SEED=N replays the choices of a run (not its timing).
"""

import os
import random
import sqlite3
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../support"))

from fleet import Fleet, wait_until  # noqa: E402

NORTH, SOUTH, SCHEMAS = 120, 80, 24
TARGETS = NORTH + SOUTH + SCHEMAS

# Each round moves one module by one revision for the whole fleet, and names who dies meanwhile.
ROUNDS = (
    ("core", 1, ("coordinator",)),
    ("core", 2, ("north",)),
    ("billing", 1, ("coordinator", "north")),
    ("core", 3, ("coordinator", "north", "south")),
    ("core", 4, ("server",)),
    ("billing", 2, ("south", "server")),
    ("core", 5, ("coordinator", "coordinator", "south")),
)


class Expectation:
    """What every target must hold after the rounds so far: each revision once, nothing else."""

    def __init__(self):
        self.ledger, self.heads, self.tables = [], {}, {}

    def add(self, module, number):
        revision = f"{module}_{number:02}"
        self.ledger.append((module, revision, "up", "DONE"))
        self.heads[module] = [revision]
        self.tables[f"{module}_t{number:02}"] = 5

    def check(self, target, state):
        heads, ledger, tables = state
        if (heads, ledger, tables) != (self.heads, self.ledger, self.tables):
            raise AssertionError(f"{target}: heads {heads}, ledger {ledger}, tables {tables}; expected {vars(self)}")


def start_rollout(fleet, module, number):
    where = [] if module == "core" else ["--extension", module]
    return fleet.start_rollout(*where, "--target", f"{module}_{number:02}", "--max-failures", "0")


def check_databases(fleet, expected):
    """The oracle: every target by its own tables, whatever skein says."""
    for name, count in (("north", NORTH), ("south", SOUTH)):
        for number in range(1, count + 1):
            path = fleet.root / name / f"t{number:04}.db"
            expected.check(path, fleet.sqlite_state(path))
    for schema, state in fleet.schema_states([f"tenant_{number:03}" for number in range(1, SCHEMAS + 1)]).items():
        expected.check(schema, state)


def check_report(fleet, rollout, expected):
    """What the coordinator says: every operation applied, and every target in the state that it is in."""
    shown, operations = fleet.rollout(rollout)
    assert len(operations) == TARGETS, len(operations)
    wrong = [o for o in operations.values() if o["state"] not in ("applied", "already_applied")]
    assert not wrong, wrong[:5]
    assert shown["status"] == "done", shown["status"]
    wait_until("the reported states are those of the databases",
               lambda: all(row["state"] == expected.heads for row in fleet.status().values()))


def kill(fleet, who):
    if who == "server":
        fleet.server("crash")
    else:
        (fleet.coordinator if who == "coordinator" else fleet.agents[who]).kill()


def revive(fleet, who):
    if who == "server":
        fleet.server("launch")
    elif who == "coordinator":
        fleet.start_coordinator()
    else:
        fleet.agents[who].start()


def has_moved(fleet, path, module, number):
    try:
        return fleet.sqlite_state(path)[0].get(module) == [f"{module}_{number:02}"]
    except sqlite3.OperationalError:
        return False  # killed inside a transaction: the journal waits for somebody who may write


def count_moved(fleet, module, number):
    """How many of the SQLite targets are at the revision."""
    files = [path for name in ("north", "south") for path in (fleet.root / name).glob("*.db")]
    return sum(has_moved(fleet, path, module, number) for path in files)


def crash(fleet, victims, chance, moved):
    """All victims die at moments of their own and come back after a while, in any order. Returns what `moved`
    counts at the first death."""
    caught = None
    for who in victims:
        time.sleep(chance.uniform(0.0, 0.5))
        kill(fleet, who)
        caught = moved() if caught is None else caught
        if victims.count(who) > 1 or chance.random() < 0.5:
            time.sleep(chance.uniform(0.0, 0.5))
            revive(fleet, who)
    rest = [who for who in sorted(set(victims)) if not is_up(fleet, who)]
    chance.shuffle(rest)
    for who in rest:
        time.sleep(chance.uniform(0.0, 0.5))
        revive(fleet, who)
    return caught


def is_up(fleet, who):
    if who == "server":
        return fleet.server_is_up()
    return (fleet.coordinator if who == "coordinator" else fleet.agents[who]).alive()


def main():
    seed = int(os.environ.get("SKEIN_CRASH_SEED", str(random.SystemRandom().randrange(1 << 32))))
    print(f"seed {seed} (replay with SKEIN_CRASH_SEED={seed})", flush=True)
    chance = random.Random(seed)
    with Fleet(sys.argv[1]) as fleet:
        fleet.start_coordinator()
        fleet.make_agent("north", fleet.sqlite_section("north", NORTH), workers=2).start()
        fleet.make_agent("south", fleet.sqlite_section("south", SOUTH) + fleet.schema_section("tenant", SCHEMAS),
                         workers=3).start()
        wait_until("every target is known", lambda: fleet.readable_targets() == TARGETS)
        expected, caught = Expectation(), []
        for module, number, victims in ROUNDS:
            begun = time.monotonic()
            rollout = start_rollout(fleet, module, number)
            caught.append(crash(fleet, victims, chance, lambda m=module, n=number: count_moved(fleet, m, n)))
            fleet.wait_for_rollout(rollout, 90)
            took = time.monotonic() - begun
            expected.add(module, number)
            check_report(fleet, rollout, expected)
            check_databases(fleet, expected)
            print(f"{module} {number}: {', '.join(victims)} killed with {caught[-1]} of {NORTH + SOUTH} files done, "
                  f"ended after {took:.1f} s", flush=True)
        assert any(0 < count < NORTH + SOUTH for count in caught), "no kill fell into a rollout: the test proves nothing"


if __name__ == "__main__":
    main()
