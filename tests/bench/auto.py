#!/usr/bin/env python3
"""How long `revision --auto` takes with 1,000 tables and one change.

usage: tests/bench/auto.py SKEIN [--tables N] [--postgresql FOLDER]

FOLDER is that of a server of tests/support/pg_private. SQLite: the whole command, at most 1 s. PostgreSQL: at most three
times as long as psql takes to load the same models into an empty database. Exits 1 when one takes longer.
"""

import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

SQLITE_MAX_S, POSTGRESQL_MAX = 1.0, 3.0


def model(number, tables, more=""):
    key = "" if number == 0 else f",\n    parent INTEGER REFERENCES t{(number * 7919) % number} (id)"
    return (f"CREATE TABLE t{number} (\n    id INTEGER PRIMARY KEY,\n    name TEXT NOT NULL,\n    amount NUMERIC DEFAULT 0,\n"
            f"    made TIMESTAMP{key}{more},\n    CHECK (amount >= 0)\n);\n"
            f"CREATE INDEX t{number}_name ON t{number} (name);\n")


def timed(command, **kwargs):
    began = time.monotonic()
    done = subprocess.run(command, capture_output=True, text=True, check=False, **kwargs)
    took = time.monotonic() - began
    if done.returncode != 0:
        sys.exit(f"{command}: {done.stderr}")
    return took, done.stdout


class Project:
    def __init__(self, folder, skein, engine, tables, env):
        self.root, self.skein, self.env = pathlib.Path(folder), skein, {**os.environ, **env, "SKEIN_PROJECT": folder}
        (self.root / "database/migrations/versions").mkdir(parents=True)
        (self.root / "database/migrations/migration_extensions.json").write_text(
            json.dumps({"extensions": [], "engines": [engine]}))
        for number in range(tables):
            self.path(number).write_text(model(number, tables))
        self.change = tables // 2, model(tables // 2, tables, ",\n    added TEXT")

    def path(self, number):
        return self.root / f"database/DB_{number:05}.sql"

    def auto(self):
        return timed([self.skein, "revision", "--auto", "-m", "change"], env=self.env)

    def first_and_change(self):
        first, _ = self.auto()
        number, text = self.change
        self.path(number).write_text(text)
        took, out = self.auto()
        made = pathlib.Path(out.strip()).read_text()
        if "ADD COLUMN added" not in made or made.count("ALTER TABLE") != 2:
            sys.exit(f"not the one change: {made}")
        return first, took


def sqlite(skein, tables):
    with tempfile.TemporaryDirectory() as folder:
        first, change = Project(folder, skein, "sqlite", tables, {}).first_and_change()
    print(f"sqlite: {tables} tables: first revision {first:.2f} s, one change {change:.2f} s (at most {SQLITE_MAX_S} s)")
    return change <= SQLITE_MAX_S


def postgresql(skein, tables, server):
    psql = ["psql", "-qX", "-v", "ON_ERROR_STOP=1", "-h", server, "-U", "skein", "-d"]
    with tempfile.TemporaryDirectory() as folder:
        env = {"SKEIN_SCRATCH_URL": f"postgresql:///postgres?host={server}&user=skein"}
        project = Project(folder, skein, "postgresql", tables, env)
        timed([*psql, "postgres", "-c", "CREATE DATABASE bench_models"])
        files = [part for number in range(tables) for part in ("-f", str(project.path(number)))]
        load, _ = timed([*psql, "bench_models", *files])
        timed([*psql, "postgres", "-c", "DROP DATABASE bench_models"])
        first, change = project.first_and_change()
    print(f"postgresql: {tables} tables: loading {load:.2f} s, first revision {first:.2f} s, "
          f"one change {change:.2f} s ({change / load:.1f} times loading; at most {POSTGRESQL_MAX:.0f})")
    return change <= POSTGRESQL_MAX * load


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("skein")
    parser.add_argument("--tables", type=int, default=1000)
    parser.add_argument("--postgresql")
    options = parser.parse_args()
    skein = os.path.abspath(options.skein)
    good = sqlite(skein, options.tables)
    if options.postgresql:
        good = postgresql(skein, options.tables, options.postgresql) and good
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
