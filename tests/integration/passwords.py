#!/usr/bin/env python3
"""Passwords of PostgreSQL: they work from the URL, a password file, a service file and the environment, and a wrong one
is told without ever being printed."""

import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

SKEIN = os.environ["SKEIN_BIN"]
PRIVATE = pathlib.Path(__file__).resolve().parent.parent / "support" / "pg_private"
RIGHT, WRONG = "right-horse-battery", "wrong-staple@tpw"


class Passwords(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.holder = tempfile.TemporaryDirectory(prefix="skein-password-")
        cls.root = pathlib.Path(cls.holder.name)
        os.chmod(cls.root, 0o755)
        cls.server = cls.root / "pg"
        url = subprocess.run([PRIVATE, "start", cls.server, "fsync=off"], check=True, stdout=subprocess.PIPE,
                             text=True).stdout.strip()
        psql = ["psql", "-qX", url, "-c"]
        subprocess.run([*psql, f"CREATE ROLE app LOGIN PASSWORD '{RIGHT}'"], check=True)
        hba = (cls.server / "data" / "pg_hba.conf").read_text()
        (cls.server / "data" / "pg_hba.conf").write_text("local all app scram-sha-256\n" + hba)
        subprocess.run([*psql, "SELECT pg_reload_conf()"], check=True, stdout=subprocess.DEVNULL)
        (cls.root / "database" / "migrations" / "versions").mkdir(parents=True)

    @classmethod
    def tearDownClass(cls):
        subprocess.run([PRIVATE, "stop", cls.server], check=True)
        cls.holder.cleanup()

    def current(self, url, **environment):
        clean = {k: v for k, v in os.environ.items() if not k.startswith("PG")}
        return subprocess.run([SKEIN, "current", "--project", self.root, "--database", url], capture_output=True,
                              text=True, check=False, env={**clean, **environment})

    def works(self, url, **environment):
        done = self.current(url, **environment)
        self.assertEqual(done.returncode, 0, done.stderr)

    def refused(self, url, *secrets, **environment):
        done = self.current(url, **environment)
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertIn("hint: check role and password", done.stderr)
        for secret in secrets:
            self.assertNotIn(secret, done.stdout + done.stderr)

    def test_url(self):
        self.works(f"postgresql://app:{RIGHT}@/postgres?host={self.server}")
        self.works(f"postgresql:///postgres?host={self.server}&user=app&password={RIGHT}")
        wrong = WRONG.replace("@", "%40")
        self.refused(f"postgresql://app:{wrong}@/postgres?host={self.server}", WRONG, wrong, "staple", "tpw")
        self.refused(f"postgresql:///postgres?host={self.server}&user=app&password={wrong}", WRONG, wrong, "staple")

    def test_no_password(self):
        self.refused(f"postgresql:///postgres?host={self.server}&user=app")

    def test_environment(self):
        url = f"postgresql:///postgres?host={self.server}&user=app"
        self.works(url, PGPASSWORD=RIGHT)
        self.refused(url, WRONG, PGPASSWORD=WRONG)

    def test_password_file(self):
        file = self.root / "pgpass"
        file.write_text(f"*:*:*:app:{RIGHT}\n")
        file.chmod(0o600)
        self.works(f"postgresql:///postgres?host={self.server}&user=app", PGPASSFILE=str(file))

    def test_service_file(self):
        file = self.root / "services"
        file.write_text(f"[shop]\nhost={self.server}\nuser=app\ndbname=postgres\npassword={RIGHT}\n")
        self.works("postgresql:///?service=shop", PGSERVICEFILE=str(file))
        file.write_text(f"[shop]\nhost={self.server}\nuser=app\ndbname=postgres\npassword={WRONG}\n")
        self.refused("postgresql:///?service=shop", WRONG, PGSERVICEFILE=str(file))


if __name__ == "__main__":
    sys.exit(unittest.main())
