#!/usr/bin/python3
"""What deploy/adapters/sqlalchemy_models.py prints, run in a database, makes what SQLAlchemy itself makes there."""

import os
import subprocess
import sys
import tempfile
import unittest

import judge_postgresql
import judge_sqlite

try:
    import psycopg2
    import sqlalchemy
except ImportError:
    print("skipped: no SQLAlchemy for this Python")
    sys.exit(77)

import sqlite3

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
ADAPTER = ROOT + "/deploy/adapters/sqlalchemy_models.py"
PG = os.environ["SKEIN_PG_FOLDER"]

BASE = """
from sqlalchemy import *
from sqlalchemy.orm import declarative_base
Base = declarative_base()
"""

CORE = BASE + """
import enum
print("models may print")

class Status(enum.Enum):
    active = "active"
    gone = "gone"

class User(Base):
    __tablename__ = "users"
    __table_args__ = (CheckConstraint("name <> '' AND name NOT LIKE '100%'", name="users_named"),
                      UniqueConstraint("email", name="users_email_key"),
                      Index("users_lower", func.lower(text("email"))),
                      {"extend_existing": True, "comment": "people's accounts: 100%"})
    id = Column(Integer, primary_key=True)
    name = Column(String(80), nullable=False, server_default="it's")
    email = Column(String(200), index=True, comment="as they typed it")
    status = Column(Enum(Status, name="user_status"), nullable=False)
    created = Column(DateTime, server_default=func.current_timestamp())
    score = Column(Numeric(10, 2), server_default=text("0"))
    team_id = Column(ForeignKey("teams.id", use_alter=True, name="users_team", ondelete="SET NULL"))

class Team(Base):
    __tablename__ = "teams"
    __table_args__ = {"extend_existing": True}
    id = Column(Integer, primary_key=True)
    owner_id = Column(ForeignKey("users.id"))
    status = Column(Enum(Status, name="user_status"))
"""

BILLING = """
from sqlalchemy import *
from sqlalchemy.orm import declarative_base
from database.DB_users import Base, User

class Invoice(Base):
    __tablename__ = "billing_invoices"
    __table_args__ = {"extend_existing": True}
    id = Column(Integer, Sequence("billing_numbers", start=1000), primary_key=True)
    user_id = Column(ForeignKey("users.id"), nullable=False)
    status = Column(User.status.type)

Other = declarative_base()

class Note(Other):
    __tablename__ = "billing_notes"
    id = Column(Integer, primary_key=True)
    invoice_id = Column(ForeignKey("billing_invoices.id"))

class UserAgain(Base):
    __tablename__ = "users"
    __table_args__ = {"extend_existing": True}
    id = Column(Integer, primary_key=True)
"""


class Models(unittest.TestCase):
    def setUp(self):
        holder = tempfile.TemporaryDirectory()
        self.addCleanup(holder.cleanup)
        self.root = holder.name + "/src"
        self.write("database/DB_users.py", CORE)

    def write(self, path, text):
        path = os.path.join(self.root, path)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)

    def run_adapter(self, *args, env=None):
        environment = {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", **(env or {})}
        return subprocess.run([ADAPTER, *args], capture_output=True, text=True, cwd=self.root, env=environment, timeout=60,
                              check=False)

    def ddl(self, *args, env=None):
        done = self.run_adapter(*args, env=env)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def wrong(self, text, *args):
        done = self.run_adapter(*args)
        self.assertEqual((done.returncode, done.stdout), (1, ""), done)
        self.assertIn(text, done.stderr)
        self.assertNotIn("Traceback", done.stderr)

    # --- the same as create_all() ---

    CREATE = """
import sys
sys.path[:0] = [".", "database"]
import sqlalchemy
import database.DB_users
bases = [database.DB_users.Base]
if len(sys.argv) > 2:
    import extensions.billing.DB_invoices as billing
    billing.Other.metadata.tables  # its own base
    billing.Base.metadata.tables["billing_invoices"].to_metadata(billing.Other.metadata)
    bases.append(billing.Other)
engine = sqlalchemy.create_engine(sys.argv[1])
for base in bases:
    base.metadata.create_all(engine)
"""

    def create_all(self, url, *more):
        subprocess.run(["/usr/bin/python3", "-c", self.CREATE, url, *more], cwd=self.root, check=True, stdout=subprocess.DEVNULL)

    def postgresql(self, use):
        name = f"adapter_{os.getpid()}_{id(use)}"
        admin = psycopg2.connect(host=PG, user="skein", dbname="postgres")
        admin.autocommit = True
        admin.cursor().execute(f"CREATE DATABASE {name} TEMPLATE template0")
        try:
            connection = psycopg2.connect(host=PG, user="skein", dbname=name)
            connection.autocommit = True
            use(connection.cursor(), f"postgresql+psycopg2:///{name}?host={PG}&user=skein")
            found = judge_postgresql.snapshot(connection.cursor())
            connection.close()
            return found
        finally:
            admin.cursor().execute(f"DROP DATABASE {name} WITH (FORCE)")
            admin.close()

    def sqlite(self, use):
        path = os.path.join(tempfile.mkdtemp(dir=os.path.dirname(self.root)), "t.db")
        connection = sqlite3.connect(path)
        use(connection.cursor(), "sqlite:///" + path)
        found = judge_sqlite.snapshot(connection.cursor())
        connection.close()
        return found

    def same(self, engine, modules):
        def by_adapter(cursor, _url):
            text = "".join(self.ddl(module, engine) for module in modules)
            (cursor.execute if engine == "postgresql" else cursor.executescript)(text)
        database = getattr(self, engine)
        found = database(by_adapter)
        wanted = database(lambda _cursor, url: self.create_all(url, *modules[1:]))
        self.assertGreater(len(found[0]), 10)
        self.maxDiff = None
        self.assertEqual(found, wanted)

    def test_core_on_postgresql(self):
        self.same("postgresql", ["core"])

    def test_core_on_sqlite(self):
        self.same("sqlite", ["core"])

    def test_with_an_extension(self):
        self.write("extensions/billing/DB_invoices.py", BILLING)
        for engine in ("postgresql", "sqlite"):
            with self.subTest(engine):
                self.same(engine, ["core", "billing"])

    # --- whose is what ---

    def test_a_module_prints_its_own_tables_only(self):
        self.write("extensions/billing/DB_invoices.py", BILLING)
        text = self.ddl("billing", "postgresql")
        self.assertIn("CREATE TABLE billing_invoices", text)
        self.assertIn("CREATE TABLE billing_notes", text)
        self.assertIn("CREATE SEQUENCE billing_numbers START WITH 1000", text)
        for other in ("TABLE users", "TABLE teams", "CREATE TYPE"):
            self.assertNotIn(other, text)
        self.assertNotIn("billing", self.ddl("core", "postgresql"))

    def test_one_file_is_imported_once_whatever_it_is_called(self):
        for name in ("DB_users", "database.DB_users", "src.database.DB_users"):
            with self.subTest(name):
                self.write("database/DB_a.py", f"from {name} import *\nfrom {name} import Base\nclass A(Base):\n"
                                               "    __tablename__ = 'a'\n    id = Column(Integer, primary_key=True)\n")
                text = self.ddl("core", "sqlite")
                self.assertEqual(text.count("CREATE TABLE users ("), 1)
                self.assertEqual(text.count("CREATE TABLE a ("), 1)

    def test_the_engine_from_the_environment(self):
        self.assertEqual(self.ddl("core", env={"SKEIN_ENGINE": "sqlite"}), self.ddl("core", "sqlite"))

    def test_nothing_to_print(self):
        self.assertEqual(self.ddl("billing", "sqlite"), "")

    def test_the_models_own_ddl(self):
        self.write("database/DB_v.py", BASE.replace("*\n", "*\nfrom sqlalchemy import event\n", 1) + "class V(Base):\n    __tablename__ = 'v'\n    id = Column(Integer, primary_key=True)\n"
                                              "event.listen(V.__table__, 'after_create', DDL(\"CREATE VIEW w AS SELECT '%%' AS x FROM v\"))\n")
        text = self.ddl("core", "postgresql")
        self.assertIn("CREATE VIEW w AS SELECT '%' AS x FROM v;", text)

    # --- what can be wrong ---

    def test_a_syntax_error(self):
        self.write("database/DB_users.py", "import os\nclass User(:\n")
        self.wrong("database/DB_users.py:2:12: ", "core", "sqlite")

    def test_an_error_while_importing(self):
        self.write("database/helper.py", "def f():\n    raise KeyError('nothing')\n")
        self.write("database/DB_users.py", "import helper\n\nhelper.f()\n")
        self.wrong("database/DB_users.py:3: KeyError: 'nothing'", "core", "sqlite")

    def test_a_table_that_is_not_there(self):
        self.write("database/DB_users.py", BASE + "class A(Base):\n    __tablename__ = 'a'\n"
                                                  "    id = Column(ForeignKey('gone.id'), primary_key=True)\n")
        self.wrong("database/DB_users.py:5: a refers to gone.id, and no model file declares that table", "core", "sqlite")

    def test_a_column_for_anothers_table(self):
        self.write("extensions/billing/DB_x.py", "from database.DB_users import *\nclass U(Base):\n    __tablename__ = 'users'\n"
                                                 "    __table_args__ = {'extend_existing': True}\n"
                                                 "    id = Column(Integer, primary_key=True)\n    tax = Column(Integer)\n")
        self.wrong("users is core's, and a column is added to it elsewhere: tax", "billing", "sqlite")

    def test_words_that_are_no_module_or_engine(self):
        self.wrong("'../x' is no module", "../x", "sqlite")
        self.wrong("and not 'oracle'", "core", "oracle")


if __name__ == "__main__":
    unittest.main()
