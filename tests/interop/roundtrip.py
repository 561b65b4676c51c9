#!/usr/bin/python3
"""Pairs of schemas there and back by generated revisions, judged on the engine's own catalog.

A case is a folder ENGINE/NAME with a.sql (what the migrations make), b.sql (the models) and meta.json: engine, tier,
class. `diff`: upgrade leads from a to b and downgrade back. `nochange`: no revision is made. `data`: the rows of
data.sql survive. `modules`: NAME/MODULE/a.sql and b.sql, each module with its own revision, its objects alone.

Two ways: `written`: a.sql is the first revision as a person writes it. `models`: a.sql are the models that the first
revision is generated from; afterwards `downgrade base` must leave nothing. In both the second --auto finds nothing.

usage: roundtrip.py [--random N [--seed S]] [--engine E] [--only TEXT] [--way written|models] [--jobs N] [--sample N] [--show]
--only: cases whose name has this text; --show: the revisions, and where the catalogs differ. Without PostgreSQL
(SKEIN_PG_FOLDER: the folder of its socket) only SQLite's cases are run.
"""

import argparse
import collections
import concurrent.futures
import glob
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time

import judge_postgresql
import judge_sqlite
import random_schemas

try:
    import psycopg2
except ImportError:
    psycopg2 = None

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SKEIN = os.environ["SKEIN_BIN"]
PG = os.environ.get("SKEIN_PG_FOLDER", "")
FOLDERS = [os.environ.get("SKEIN_SHARED_DIR", os.path.join(ROOT, "..", "shared")) + "/cases/diff", ROOT + "/tests/cases/diff"]
ENGINES, WAYS = ("postgresql", "sqlite"), ("written", "models")
LOCAL = threading.local()

# What the run must reach, in percent, by engine and tier: what was measured. Less is a failure of the test.
FLOOR = {("postgresql", 1): 97, ("postgresql", 2): 94, ("sqlite", 1): 99, ("sqlite", 2): 99}


class Difference(Exception):
    """What the case wants and what is there."""


def run(arguments, env, want=0):
    done = subprocess.run([SKEIN, *arguments], capture_output=True, text=True, env=env, timeout=60, check=False)
    if done.returncode != want:
        raise Difference(f"skein {' '.join(arguments)}: exit {done.returncode}\n{done.stdout}{done.stderr}".rstrip())
    return done


def write(path, text):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def quoted(name):
    return '"' + name.replace('"', '""') + '"'


# --- the two engines ------------------------------------------------------------------------------------------------

class Sqlite:
    judge = judge_sqlite

    def __init__(self, folder):
        self.path = folder + "/case.db"
        self.url = "sqlite:///" + self.path

    def snapshot(self):
        connection = sqlite3.connect(self.path)
        try:
            return self.judge.snapshot(connection.cursor())
        finally:
            connection.close()

    def execute(self, sql):
        connection = sqlite3.connect(self.path)
        connection.executescript(sql)
        connection.close()

    def query(self, sql):
        connection = sqlite3.connect(self.path)
        try:
            return connection.execute(sql).fetchall()
        finally:
            connection.close()

    @staticmethod
    def all_rows(table, columns):
        listed = ", ".join(f"iif({quoted(column)} IS NULL, NULL, hex(CAST({quoted(column)} AS TEXT)))" for column in columns)
        return f"SELECT {listed} FROM {quoted(table)}"

    def close(self):
        pass

    @staticmethod
    def reference(sql):
        """What the text makes in an empty database."""
        connection = sqlite3.connect(":memory:")
        try:
            connection.executescript(sql)
            return judge_sqlite.snapshot(connection.cursor())
        finally:
            connection.close()

    def settled(self, name):
        return None

    @staticmethod
    def settled_reference(sql):
        return None


def admin():
    if not hasattr(LOCAL, "admin"):
        LOCAL.admin = psycopg2.connect(host=PG, user="skein", dbname="postgres")
        LOCAL.admin.autocommit = True
    return LOCAL.admin.cursor()


class Postgresql:
    judge = judge_postgresql
    lock, made = threading.Lock(), 0

    def __init__(self, folder=None, template="template0"):
        with self.lock:
            Postgresql.made += 1
            self.name = f"roundtrip_{os.getpid()}_{Postgresql.made}"
        admin().execute(f"CREATE DATABASE {self.name} TEMPLATE {template} STRATEGY FILE_COPY")
        self.url = f"postgresql:///{self.name}?host={PG}&user=skein"

    def work(self, sql, results):
        connection = psycopg2.connect(host=PG, user="skein", dbname=self.name)
        connection.autocommit = True
        try:
            cursor = connection.cursor()
            if sql is not None:
                cursor.execute("SELECT;" + sql)
            return results(cursor) if results else None
        finally:
            connection.close()

    def snapshot(self):
        return self.work(None, self.judge.snapshot)

    def execute(self, sql):
        self.work(sql, None)

    def query(self, sql):
        return self.work(sql, lambda cursor: cursor.fetchall())

    @staticmethod
    def all_rows(table, columns):
        listed = ", ".join(f"CAST({quoted(column)} AS TEXT)" for column in columns)
        return f"SELECT {listed} FROM {table}"

    def close(self):
        admin().execute(f"DROP DATABASE {self.name} WITH (FORCE)")

    @staticmethod
    def reference(sql):
        """In a transaction of one database that is always empty."""
        if not hasattr(LOCAL, "reference"):
            name = f"roundtrip_{os.getpid()}_r{threading.get_ident()}"
            admin().execute(f"CREATE DATABASE {name} TEMPLATE template0 STRATEGY FILE_COPY")
            LOCAL.reference = psycopg2.connect(host=PG, user="skein", dbname=name)
        try:
            cursor = LOCAL.reference.cursor()
            cursor.execute("SELECT;" + sql)
            cursor.execute("SET search_path = public")
            return judge_postgresql.snapshot(cursor)
        finally:
            LOCAL.reference.rollback()

    def settled(self, times=2):
        """
        The snapshot after the schema was dumped and read again: the server prints an expression that it has read
        from its own print in another way than the author's, and both are the same.
        """
        source, made = self, []
        try:
            for _ in range(times):
                dump = subprocess.run(["pg_dump", "--schema-only", "-h", PG, "-U", "skein", source.name], capture_output=True,
                                      check=True).stdout
                source = Postgresql()
                made.append(source)
                subprocess.run(["psql", "-qX", "-v", "ON_ERROR_STOP=1", "-h", PG, "-U", "skein", source.name], input=dump,
                               stdout=subprocess.DEVNULL, check=True)
            return source.snapshot()
        finally:
            for database in made:
                database.close()

    @staticmethod
    def settled_reference(sql):
        database = Postgresql()
        try:
            database.execute(sql)
            return database.settled()
        finally:
            database.close()


DATABASE_ERRORS = (sqlite3.Error, *([psycopg2.Error] if psycopg2 else []))
DATABASES = {"postgresql": Postgresql, "sqlite": Sqlite}


# --- comparing ------------------------------------------------------------------------------------------------------

def reachable(before, wanted):
    """Whether ADD COLUMN and DROP COLUMN can lead from one order to the other."""
    return [c for c in before if c in wanted] + [c for c in wanted if c not in before] == wanted


def differences(found, wanted, before, ignore_order):
    lines = []
    (facts, order), (wanted_facts, wanted_order) = found, wanted
    for key in sorted(set(facts) | set(wanted_facts)):
        if facts.get(key) != wanted_facts.get(key):
            lines.append(f"{key[0]} {key[1]}\n    is      {facts.get(key, 'not there')}\n    not     {wanted_facts.get(key, 'not there')}")
    for name, columns in wanted_order.items():
        exact = not ignore_order and (name not in before[1] or reachable(before[1][name], columns))
        if exact and order.get(name, columns) != columns:
            lines.append(f"order of columns of {name}\n    is      {order[name]}\n    not     {columns}")
    return lines


def compare(what, database, sql, before, ignore_order=False):
    """The database against what the text makes; `before`: a snapshot of where it came from."""
    wanted = database.reference(sql)
    lines = differences(database.snapshot(), wanted, before, ignore_order)
    if lines and isinstance(database, Postgresql):
        lines = differences(database.settled(), database.settled_reference(sql), before, ignore_order) and lines
    if lines:
        raise Difference(f"{what}: {len(lines)} difference{'s' if len(lines) > 1 else ''}\n" + "\n".join(lines))


# --- a case ---------------------------------------------------------------------------------------------------------

class Case:
    def __init__(self, path):
        self.path, self.name = path, os.path.basename(path)
        with open(path + "/meta.json", encoding="utf-8") as file:
            self.meta = json.load(file)
        self.engine, self.tier, self.kind = self.meta["engine"], self.meta["tier"], self.meta["class"]
        modules = sorted(os.path.basename(os.path.dirname(p)) for p in glob.glob(path + "/*/a.sql"))
        self.modules = sorted(modules, key=lambda name: (name != "core", name)) or ["core"]
        self.several = bool(modules)

    def sql(self, module, which):
        path = f"{self.path}/{module}/{which}.sql" if self.several else f"{self.path}/{which}.sql"
        return read(path) if os.path.exists(path) else ""

    def all(self, which):
        """In an order that runs: b.ordered.sql where the models are in another."""
        ordered = f"{self.path}/{which}.ordered.sql"
        if os.path.exists(ordered):
            return read(ordered)
        return "\n".join(self.sql(module, which) for module in self.modules)


class Trip:
    """One case, one way."""

    def __init__(self, case, way, show):
        self.case, self.way, self.show = case, way, show
        self.folder = tempfile.mkdtemp(prefix="skein-roundtrip-")
        self.project = self.folder + "/project"
        self.database = DATABASES[case.engine](self.folder)
        self.env = {"PATH": os.environ["PATH"], "HOME": self.folder, "SKEIN_PROJECT": self.project, "LC_ALL": "C.UTF-8",
                    "DATABASE_URL": self.database.url, "SKEIN_SCRATCH_URL": f"postgresql:///postgres?host={PG}&user=skein"}

    def below(self, module):
        return self.project + ("/database" if module == "core" else "/extensions/" + module)

    def models(self, which):
        for module in self.case.modules:
            write(f"{self.below(module)}/DB_{module}.sql", self.case.sql(module, which))

    def versions(self, module):
        return set(glob.glob(self.below(module) + "/migrations/versions/*.sql"))

    def written(self):
        """a.sql as revisions that a person wrote."""
        for module in self.case.modules:
            if not self.case.sql(module, "a").strip():
                continue
            label = "" if module == "core" else f"-- branch_labels: ext_{module}\n"
            write(f"{self.below(module)}/migrations/versions/a1_{module}.sql",
                  f"-- revision: a1{module}\n-- revises:\n{label}\n-- migrate:up\n{self.case.sql(module, 'a')}\n-- migrate:down\n")

    def auto(self, message):
        """The files that it makes, module by module."""
        made = []
        for module in self.case.modules:
            before = self.versions(module)
            extension = [] if module == "core" else ["--extension", module]
            run(["revision", "--auto", "-m", message, *extension], self.env)
            made += sorted(self.versions(module) - before)
        return made

    def no_more(self, what):
        made = self.auto("again")
        if made:
            raise Difference(f"{what}: the second --auto made a revision\n" + "\n".join(map(read, made)))

    def prepare(self):
        extensions = [module for module in self.case.modules if module != "core"]
        write(self.project + "/database/migrations/migration_extensions.json",
              json.dumps({"extensions": extensions, "engines": [self.case.engine]}))
        os.makedirs(self.project + "/database/migrations/versions", exist_ok=True)

    def first(self):
        if self.way == "written":
            self.written()
        else:
            self.models("a")
            self.auto("first")
        run(["upgrade", "--all"], self.env)
        if self.way == "models":
            compare("the first revision", self.database, self.case.all("a"), ({}, {}))

    def down(self, made, before):
        """Back to a: the revisions that --auto made, the last module first."""
        for module in reversed(self.case.modules):
            count = sum(path.startswith(self.below(module) + "/") for path in made)
            if count > 0:
                run(["downgrade", f"-{count}", *([] if module == "core" else ["--extension", module])], self.env)
        compare("downgrade", self.database, self.case.all("a"), before, self.case.meta.get("ignore_column_order"))

    def there_and_back(self):
        case, ignore = self.case, self.case.meta.get("ignore_column_order")
        a = self.database.snapshot()
        self.models("b")
        made = self.auto("change")
        if self.show:
            print("\n".join(map(read, made)))
        if case.kind == "nochange":
            if made:
                raise Difference("a revision where nothing changed\n" + "\n".join(map(read, made)))
            return
        if not made:
            raise Difference("no revision")
        self.only_what_changed(made)
        kept = self.insert(a[1])
        run(["upgrade", "--all"], self.env)
        compare("upgrade", self.database, case.all("b"), a, ignore)
        self.survived("upgrade", kept)
        self.no_more("after the upgrade")
        b = self.database.snapshot()
        self.down(made, b)
        self.survived("downgrade", kept)
        if self.way == "models":
            run(["downgrade", "base", "--all"], self.env)
            compare("downgrade to base", self.database, "", b)

    def only_what_changed(self, made):
        """A module whose models say what they said has nothing to migrate, whatever happens under its tables."""
        for module in self.case.modules:
            same = self.case.sql(module, "a") == self.case.sql(module, "b")
            if same and any(path.startswith(self.below(module) + "/") for path in made):
                raise Difference(f"a revision of {module}, where nothing changed\n" + "\n".join(map(read, made)))

    def insert(self, order):
        """data.sql, and the rows of the columns that stay: {table: (columns, rows)}."""
        if not os.path.exists(self.case.path + "/data.sql"):
            return {}
        self.database.execute(read(self.case.path + "/data.sql"))
        wanted = self.database.reference(self.case.all("b"))[1]
        lossy = self.case.meta.get("lossy", [])
        kept = {}
        for table, columns in order.items():
            stay = [c for c in columns if c in wanted.get(table, []) and f"{table}.{c}" not in lossy]
            if stay:
                kept[table] = (stay, self.rows(table, stay))
        return kept

    def rows(self, table, columns):
        return sorted(self.database.query(self.database.all_rows(table, columns)), key=str)

    def survived(self, what, kept):
        for table, (columns, rows) in kept.items():
            found = self.rows(table, columns)
            if found != rows:
                raise Difference(f"{what}: the rows of {table}\n    are     {found}\n    not     {rows}")

    def close(self):
        self.database.close()
        shutil.rmtree(self.folder, ignore_errors=True)


def attempt(case, way, show):
    """What went wrong, or None."""
    trip = None
    try:
        trip = Trip(case, way, show)
        trip.prepare()
        trip.first()
        trip.there_and_back()
    except (Difference, subprocess.TimeoutExpired, *DATABASE_ERRORS) as error:
        return f"{type(error).__name__}: {error}" if not isinstance(error, Difference) else str(error)
    finally:
        if trip is not None:
            trip.close()
    return None


# --- the run --------------------------------------------------------------------------------------------------------

def find(options, folders):
    cases = []
    for folder in folders:
        for path in sorted(glob.glob(f"{folder}/*/*/meta.json")):
            case = Case(os.path.dirname(path))
            if case.engine in options.engine and options.only in case.name:
                cases.append(case)
    return cases


def stride(case, way, sample):
    """With --sample N: every N-th case on PostgreSQL, where one takes longer, and half as many from models."""
    if sample == 1:
        return 1
    return (sample if case.engine == "postgresql" else 1) * (2 if way == "models" else 1)


def again(options, case):
    return f"--random 1 --seed {int(case.name.split('-')[1])} " if options.random else ""


def table(results):
    """A line for each engine, tier and way."""
    counts = collections.defaultdict(lambda: [0, 0])
    for case, way, problem in results:
        counts[case.engine, case.tier, way][0] += problem is None
        counts[case.engine, case.tier, way][1] += 1
    lines = [f"{'ENGINE':<12}{'TIER':<6}{'WAY':<10}{'PASS':>5}{'OF':>5}{'%':>7}"]
    short = []
    for (engine, tier, way), (passed, total) in sorted(counts.items()):
        share = 100 * passed / total
        floor = FLOOR.get((engine, tier), 0)
        lines.append(f"{engine:<12}{tier:<6}{way:<10}{passed:>5}{total:>5}{share:>7.1f}")
        if share < floor:
            short.append(f"{engine}, tier {tier}, {way}: {share:.1f} % is less than {floor} %")
    return lines, short


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--engine", choices=ENGINES, action="append")
    parser.add_argument("--only", default="")
    parser.add_argument("--way", choices=WAYS, action="append")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--sample", type=int, default=1, help="only some of the cases")
    parser.add_argument("--random", type=int, default=0, help="instead: so many random pairs for each engine")
    parser.add_argument("--seed", type=int, default=0, help="of the first random pair")
    parser.add_argument("--show", action="store_true")
    options = parser.parse_args()
    postgresql = psycopg2 is not None and glob.glob(PG + "/.s.PGSQL.*")
    options.engine = [e for e in options.engine or ENGINES if e == "sqlite" or postgresql]
    with tempfile.TemporaryDirectory(prefix="skein-random-") as folder:
        for seed in range(options.seed, options.seed + options.random):
            for engine in options.engine:
                random_schemas.write_case(folder, engine, seed)
        return judge(options, find(options, [folder] if options.random else FOLDERS))


def judge(options, cases):
    if not cases:
        print(f"skipped: no cases in {' or '.join(FOLDERS)}")
        return 77
    begun = time.monotonic()
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        work = [(case, way, pool.submit(attempt, case, way, options.show)) for i, case in enumerate(cases)
                for way in options.way or WAYS if i % stride(case, way, options.sample) == 0]
        results = [(case, way, future.result()) for case, way, future in work]
    for case, way, problem in results:
        if problem is not None:
            text = problem if options.show or options.only else "\n".join(problem.splitlines()[:4])
            print(f"FAIL {case.engine}/{case.name} ({way}): {text}\n    again: {sys.argv[0]} {again(options, case)}--engine {case.engine} "
                  f"--way {way} --show --only {case.name}\n")
    lines, short = table(results)
    print("\n".join(lines), f"\n{len(results)} trips in {time.monotonic() - begun:.0f} s")
    for line in short:
        print(line)
    return 1 if short or ((options.only or options.random) and any(problem for _, _, problem in results)) else 0


if __name__ == "__main__":
    sys.exit(main())
