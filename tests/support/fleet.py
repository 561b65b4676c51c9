"""A whole fleet on this machine, for tests: a project, a coordinator, agents and their databases, all in one
temporary folder and all real processes. Nothing listens beyond 127.0.0.1 and the folder."""

import json
import os
import pathlib
import shutil
import signal
import socket
import sqlite3
import subprocess
import tempfile
import time

os.umask(0o022)  # daemons refuse a configuration that others may change
SUPPORT = pathlib.Path(__file__).resolve().parent
MODULES = ("core", "billing")
MODULE_FOLDERS = {"core": "database/migrations/versions", "billing": "extensions/billing/migrations/versions"}


def wait_until(what, probe, seconds=30.0):
    """The first true answer of `probe`; fails loudly when none comes."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        answer = probe()
        if answer:
            return answer
        time.sleep(0.05)
    raise AssertionError(f"after {seconds:.0f} s still not: {what}")


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Daemon:
    """One process that may be killed and started again; its log grows over all its lives."""

    def __init__(self, name, argv, log, env=None):
        self.name, self.argv, self.log, self.env = name, [str(a) for a in argv], log, env
        self.process = None

    def start(self):
        assert not self.alive(), f"{self.name} runs already"
        env = None if self.env is None else {**os.environ, **self.env}
        with open(self.log, "ab") as out:
            self.process = subprocess.Popen(self.argv, stdin=subprocess.DEVNULL, stdout=out, stderr=out, env=env)

    def alive(self):
        return self.process is not None and self.process.poll() is None

    def kill(self):
        """As if the power went: SIGKILL."""
        if self.alive():
            self.process.kill()
        if self.process is not None:
            self.process.wait()

    def stop(self, seconds=40):
        """Asks to stop; returns the exit code."""
        if self.alive():
            self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=seconds) if self.process is not None else None

    def text(self):
        return self.log.read_text(errors="replace") if self.log.exists() else ""


def revision_text(module, number, parent, statements, down):
    label = f"ext_{module}" if parent is None and module != "core" else ""
    depends = "core:core_01" if label else ""
    return "\n".join([
        f"-- revision: {module}_{number:02}",
        f"-- revises: {parent or ''}",
        f"-- branch_labels: {label}",
        f"-- depends_on: {depends}",
        f"-- message: step {number} of {module}",
        "-- created: 2026-11-22T10:00:00Z",
        "",
        "-- migrate:up",
        *(f"{s};" for s in statements),
        "",
        "-- migrate:down",
        *(f"{s};" for s in down),
        "",
    ])


def make_revision(root, module, number, up, down):
    parent = f"{module}_{number - 1:02}" if number > 1 else None
    folder = root / MODULE_FOLDERS[module]
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{module}_{number:02}_step.sql").write_text(revision_text(module, number, parent, up, down))


def make_table_revision(root, module, number):
    """A table, an index and rows: enough statements for a kill to fall between two of them."""
    table = f"{module}_t{number:02}"
    up = [f"CREATE TABLE {table} (id INTEGER PRIMARY KEY, words TEXT NOT NULL)",
          f"CREATE INDEX {table}_words ON {table} (words)",
          *(f"INSERT INTO {table} (id, words) VALUES ({i}, 'row {i}')" for i in range(1, 6))]
    make_revision(root, module, number, up, [f"DROP TABLE {table}"])


def make_project(root, core, billing):
    """A project with so many revisions of each module."""
    for module, count in (("core", core), ("billing", billing)):
        for number in range(1, count + 1):
            make_table_revision(root, module, number)
    (root / "database/migrations/migration_extensions.json").write_text('{"extensions": ["billing"]}\n')


class Fleet:
    """The folder and everything in it. Use as a context manager."""

    def __init__(self, binaries, core=6, billing=2):
        self.bin = pathlib.Path(binaries)
        self.root = pathlib.Path(tempfile.mkdtemp(prefix="skein-fleet-"))
        self.root.chmod(0o755)
        self.port = free_port()
        self.agents = {}
        self.server_url = None
        make_project(self.root / "project", core, billing)
        self.make_coordinator()

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        self.close(show_logs=kind is not None)

    def close(self, show_logs):
        for daemon in [*self.agents.values(), self.coordinator]:
            daemon.kill()
        if self.server_is_up():
            self.server("stop")
        if show_logs:
            for daemon in [self.coordinator, *self.agents.values()]:
                print(f"---- {daemon.name}\n" + "\n".join(daemon.text().splitlines()[-40:]))
        shutil.rmtree(self.root, ignore_errors=True)

    # ---- coordinator and operator ----

    def make_coordinator(self):
        etc = self.root / "etc"
        etc.mkdir()
        self.operator = f"ipc://{self.root}/operators"
        self.keygen("coordinator")
        self.keygen("admin")
        (etc / "coordinator.ini").write_text("\n".join([
            "[coordinator]",
            f"agents = tcp://127.0.0.1:{self.port}",
            f"operators = {self.operator}",
            f"key_file = {etc}/coordinator.key",
            f"store = {self.root}/store.db",
            f"project = {self.root}/project",
            "[operator admin]",
            "role = admin",
            f"key_file = {etc}/admin.key.pub",
            "",
        ]))
        self.coordinator = Daemon("coordinator", [self.bin / "skein-coordinator", "--config", etc / "coordinator.ini"],
                                  self.root / "coordinator.log")

    def keygen(self, name):
        subprocess.run([self.bin / "skein", "keygen", self.root / "etc" / f"{name}.key"], check=True,
                       capture_output=True)

    def skein(self, *args, check=True, timeout=60):
        """Runs an operator's command."""
        done = subprocess.run([self.bin / "skein", *map(str, args)], capture_output=True, text=True, timeout=timeout,
                              check=False, env={**os.environ, "SKEIN_COORDINATOR": self.operator, "SKEIN_KEY": f"{self.root}/etc/admin.key",
                                   "SKEIN_SERVER_KEY": f"{self.root}/etc/coordinator.key.pub"})
        if check and done.returncode != 0:
            raise AssertionError(f"skein {' '.join(map(str, args))}: exit {done.returncode}\n{done.stdout}{done.stderr}")
        return done

    def json(self, *args):
        return json.loads(self.skein(*args, "--format", "json").stdout)

    def answers(self):
        return self.skein("agent", "list", check=False, timeout=20).returncode == 0

    def start_coordinator(self):
        self.coordinator.start()
        wait_until("the coordinator answers", self.answers)

    # ---- agents ----

    def make_agent(self, name, sections, accept=True, **settings):
        """`sections`: the text of the INI's sources. Makes its key, and lets the coordinator know it."""
        ini = self.root / "etc" / f"{name}.ini"
        lines = {"coordinator": f"tcp://127.0.0.1:{self.port}", "server_key_file": f"{self.root}/etc/coordinator.key.pub",
                 "key_file": f"{self.root}/etc/{name}.key", "rediscover": "2s", "stop_grace": "5s", **settings}
        ini.write_text("[agent]\n" + "".join(f"{k} = {v}\n" for k, v in lines.items()) + sections)
        agent = Daemon(name, [self.bin / "skein-agent", "--config", ini], self.root / f"{name}.log")
        self.agents[name] = agent
        if accept:
            key = subprocess.run([*agent.argv, "--public-key"], check=True, capture_output=True, text=True).stdout
            self.skein("agent", "accept", name, key.strip())
        return agent

    def sqlite_section(self, name, count, labels="engine=sqlite"):
        """So many empty database files, and the section that finds them."""
        folder = self.root / name
        folder.mkdir()
        for number in range(1, count + 1):
            sqlite3.connect(folder / f"t{number:04}.db").close()
            (folder / f"t{number:04}.db").touch()
        return f"[sqlite {name}]\nfiles = {folder}/*.db\nlabels = {labels}\n"

    # ---- PostgreSQL ----

    def server(self, verb):
        done = subprocess.run([SUPPORT / "pg_private", verb, self.root / "pg"], check=True, stdout=subprocess.PIPE,
                              text=True)
        return done.stdout.strip()

    def psql(self, sql):
        done = subprocess.run(["psql", "-XAtq", "-v", "ON_ERROR_STOP=1", "-F", "\t", "-d", self.server_url, "-c", sql],
                              check=True, stdout=subprocess.PIPE, text=True)
        return [line.split("\t") for line in done.stdout.splitlines()]

    def schema_section(self, name, count, labels="engine=postgresql"):
        """So many empty schemas of a server of our own, and the section that finds them."""
        if self.server_url is None:
            self.server_url = self.server("start")
        self.psql("; ".join(f"CREATE SCHEMA {name}_{number:03}" for number in range(1, count + 1)))
        return f"[postgresql {name}]\nurl = {self.server_url}\nschemas = {name}\\_%\nlabels = {labels}\n"

    def server_is_up(self):
        if self.server_url is None:
            return False
        ready = subprocess.run(["pg_isready", "-q", "-h", self.root / "pg"], check=False)
        return ready.returncode == 0

    # ---- what the coordinator says ----

    def status(self):
        """The rows of `skein status`, by target."""
        return {row["target"]: row for row in self.json("status")["targets"]}

    def readable_targets(self):
        return sum(row["state"] is not None for row in self.status().values())

    def start_rollout(self, *args):
        return self.json("rollout", "start", *args)["rollout"]

    def rollout(self, rollout):
        """The rollout with all its operations by target."""
        shown = self.json("rollout", "show", rollout)
        return shown, {op["target"]: op for op in shown["operations"]}

    def wait_for_rollout(self, rollout, seconds=60):
        """Its status once it has ended by itself."""
        def ended():
            shown, _ = self.rollout(rollout)
            return shown["status"] if shown["ended"] is not None else None
        return wait_until(f"rollout {rollout} ends", ended, seconds)

    # ---- what is true in the databases ----

    def sqlite_rows(self, path, sql):
        with sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=10) as db:
            return db.execute(sql).fetchall()

    def sqlite_state(self, path):
        """Of one target: its heads by module, its ledger in order, its modules' tables with their rows."""
        tables = {name for (name,) in self.sqlite_rows(path, "SELECT name FROM sqlite_master WHERE type = 'table'")}
        heads = {m: sorted(v for (v,) in self.sqlite_rows(path, f"SELECT version_num FROM {version_table(m)}"))
                 for m in MODULES if version_table(m) in tables}
        ledger = self.sqlite_rows(path, LEDGER_QUERY.format("")) if "skein_ledger" in tables else []
        counts = {t: self.sqlite_rows(path, f"SELECT count(*) FROM {t}")[0][0] for t in tables if is_modules_table(t)}
        return heads, [tuple(row) for row in ledger], counts

    def schema_state(self, schema):
        return self.schema_states([schema])[schema]

    def schema_states(self, schemas):
        """The same of many schemas, in few queries: by schema."""
        heads, ledgers, counts = {}, {}, {}
        tables = [(s, t) for s, t in self.psql("SELECT schemaname, tablename FROM pg_tables") if s in schemas]
        for module in MODULES:
            table = version_table(module)
            for schema, version in self.union("SELECT version_num FROM {0}." + table, tables, table):
                heads.setdefault(schema, {}).setdefault(module, []).append(version)
        for schema, *row in self.union(LEDGER_QUERY.format("{0}."), tables, "skein_ledger"):
            ledgers.setdefault(schema, []).append(tuple(row))
        for name in sorted({t for _, t in tables if is_modules_table(t)}):
            for schema, count in self.union("SELECT count(*) FROM {0}." + name, tables, name):
                counts.setdefault(schema, {})[name] = int(count)
        return {s: ({m: sorted(v) for m, v in heads.get(s, {}).items()}, ledgers.get(s, []), counts.get(s, {}))
                for s in schemas}

    def union(self, query, tables, table):
        """The rows of a query on every schema that has the table, with the schema in front."""
        parts = [f"SELECT '{s}', q.* FROM ({query.format(s)}) q" for s, t in tables if t == table]
        return self.psql(" UNION ALL ".join(parts)) if parts else []


LEDGER_QUERY = "SELECT module, revision, direction, status FROM {}skein_ledger ORDER BY seq"


def version_table(module):
    return "alembic_version" if module == "core" else f"alembic_version_{module}"


def is_modules_table(name):
    return name.split("_")[0] in MODULES
