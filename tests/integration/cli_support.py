"""A project in a folder, databases beside it, and the real `skein`: for tests of the command line."""

import fcntl
import glob
import json
import os
import pty
import sqlite3
import struct
import subprocess
import tempfile
import termios
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SKEIN = os.environ["SKEIN_BIN"]
PG_FOLDER = os.environ.get("SKEIN_PG_FOLDER")


def revision(id, up, down=None, revises="", depends="", labels="", message="", options="", extra=""):
    """The text of a revision file."""
    headers = [("revision", id), ("revises", revises), ("branch_labels", labels), ("depends_on", depends),
               ("message", message)]
    lines = [f"-- {name}: {value}" for name, value in headers if value]
    lines += ["", f"-- migrate:up {options}".rstrip(), up]
    if down is not None:
        lines += [f"-- migrate:down {options}".rstrip(), down]
    return "\n".join(lines + [extra, ""])


def on_terminal(command, columns, env, cwd=None, answer=None):
    """Runs the command with all three streams on a terminal of this width: (exit code, what it wrote). `answer` is what
    somebody types there."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
    process = subprocess.Popen(command, stdin=slave, stdout=slave, stderr=slave, env=env, cwd=cwd, start_new_session=True)
    os.close(slave)
    if answer is not None:
        os.write(master, answer.encode())
    written = b""
    while True:
        try:
            piece = os.read(master, 65536)
        except OSError:
            piece = b""
        if not piece:
            break
        written += piece
    os.close(master)
    return process.wait(60), written.decode().replace("\r\n", "\n")


class Result:
    def __init__(self, process):
        self.code, self.out, self.err = process.returncode, process.stdout, process.stderr

    @property
    def json(self):
        return json.loads(self.out)

    def __repr__(self):
        return f"exit {self.code}\n--- stdout\n{self.out}--- stderr\n{self.err}---"


class Case(unittest.TestCase):
    """Every test has a folder of its own with an empty project in it."""

    def setUp(self):
        holder = tempfile.TemporaryDirectory()
        self.addCleanup(holder.cleanup)
        self.folder = holder.name
        self.project = os.path.join(self.folder, "project")
        os.makedirs(os.path.join(self.project, "database/migrations/versions"))
        self.file = os.path.join(self.folder, "app.db")
        self.url = "sqlite:///" + self.file

    def write(self, path, text):
        path = os.path.join(self.project, path)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w") as file:
            file.write(text)

    def core(self, id, *args, **kwargs):
        self.write(f"database/migrations/versions/{id}_step.sql", revision(id, *args, **kwargs))

    def extension(self, name, id, *args, **kwargs):
        self.write(f"extensions/{name}/migrations/versions/{id}_step.sql", revision(id, *args, **kwargs))

    def extensions(self, *names):
        self.write("database/migrations/migration_extensions.json", json.dumps({"extensions": names}))

    def skein(self, *args, database=True, env=None, cwd=None, timeout=60):
        environment = {"PATH": os.environ["PATH"], "HOME": self.folder, "SKEIN_PROJECT": self.project, "LC_ALL": "C.UTF-8"}
        if database:
            environment["DATABASE_URL"] = self.url
        environment.update(env or {})
        return Result(subprocess.run([SKEIN, *args], capture_output=True, text=True, env=environment,
                                     cwd=cwd or self.folder, timeout=timeout))

    def ok(self, *args, **kwargs):
        result = self.skein(*args, **kwargs)
        self.assertEqual(result.code, 0, result)
        return result

    def fails(self, code, text, *args, **kwargs):
        """The command ends with this exit code and says this on stderr, and nothing on stdout."""
        result = self.skein(*args, **kwargs)
        self.assertEqual(result.code, code, result)
        self.assertIn(text, result.err)
        self.assertEqual(result.out, "", result)
        return result

    def sql(self, text, *parameters):
        connection = sqlite3.connect(self.file)
        try:
            with connection:
                return connection.execute(text, parameters).fetchall()
        finally:
            connection.close()

    def rows(self, table="alembic_version"):
        return sorted(row[0] for row in self.sql(f"SELECT version_num FROM {table}"))

    def tables(self):
        return {row[0] for row in self.sql("SELECT name FROM sqlite_master WHERE type = 'table'")}


class Postgres(Case):
    """The same on a database of its own in the server that all tests share."""

    def setUp(self):
        super().setUp()
        if not PG_FOLDER or not glob.glob(os.path.join(PG_FOLDER, ".s.PGSQL.*")):
            self.fail(f"no PostgreSQL server in {PG_FOLDER}")
        self.name = "cli_" + os.path.basename(self.folder).lower().replace("-", "_")
        self.admin(f'CREATE DATABASE "{self.name}"')
        self.addCleanup(lambda: self.admin(f'DROP DATABASE "{self.name}" WITH (FORCE)'))
        self.url = f"postgresql:///{self.name}?host={PG_FOLDER}&user=skein"

    def admin(self, text):
        self.psql(text, "postgres")

    def psql(self, text, name=None):
        command = ["psql", "-qAtX", "-v", "ON_ERROR_STOP=1", "-h", PG_FOLDER, "-U", "skein", "-d", name or self.name, "-c", text]
        process = subprocess.run(command, capture_output=True, text=True, timeout=60)
        self.assertEqual(process.returncode, 0, process.stderr)
        return [tuple(line.split("|")) for line in process.stdout.splitlines()]

    def sql(self, text, *parameters):
        return self.psql(text)

    def tables(self):
        return {row[0] for row in self.psql("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")}
