#!/usr/bin/env python3
"""Prints the revisions of an Alembic environment as JSON lines, with their SQL: for `skein import alembic`.

usage: alembic_export.py [--ini FILE] [--section NAME] [--env] [--path DIR] [--engine ENGINE]... DIR

DIR holds alembic.ini, or is the folder with env.py or versions/. Neither a database nor env.py is needed: the
revisions are loaded by Alembic's own ScriptDirectory, and upgrade() and downgrade() of each run by themselves against
an offline MigrationContext. --env runs env.py in Alembic's offline mode first, for the naming convention of its
target_metadata. SQLite's batch mode reads the table that it changes: where it was given no `copy_from`, the whole
history is replayed in memory, and the statements that were run there are the revision's.

The lines: one `begin`, one `revision` each with `sections` (a missing direction cannot be undone), one `end`; or one
`error`, and exit code 1. What cannot be rendered is a section with `opaque`, the reason.
"""

import argparse
import datetime
import json
import os
import re
import sys
import traceback

ENGINES = ("postgresql", "sqlite")
REASON_MAX = 300
CREATED = re.compile(r"^Create Date:\s*(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d:\d\d)(?:\.\d+)?\s*(Z|[+-]\d\d:?\d\d)?", re.M)
TRANSACTION_WORDS = re.compile(r"(BEGIN|COMMIT|END|START TRANSACTION)( WORK| TRANSACTION)?;*", re.I)
QUOTED = re.compile(r"""('(?:[^']|'')*'|"(?:[^"]|"")*")""")
SCHEMA_READ = re.compile(r"\s*(PRAGMA\b[^=]*$|SELECT\b.*\bsqlite_(temp_)?(master|schema)\b)", re.I | re.S)
READ = re.compile(r"\s*(SELECT|WITH|EXPLAIN|VALUES)\b", re.I)


class NeedsDatabase(Exception):
    """The revision looks at what is in the database."""


class Fatal(Exception):
    """The environment cannot be exported; the second argument is a hint."""


# --- the environment ---------------------------------------------------------------------------------------------


def load_alembic():
    try:
        import alembic
        import alembic.config
        import alembic.operations
        import alembic.runtime.migration
        import alembic.script
        import sqlalchemy
    except ImportError as e:
        raise Fatal(f"this Python has no Alembic: {e}",
                    "name the Python that the project's Alembic runs with: --python venv/bin/python") from e
    return alembic, sqlalchemy


def make_config(alembic, args):
    """The configuration, and the folder to work in."""
    folder = os.path.abspath(args.folder)
    ini = os.path.abspath(args.ini) if args.ini else os.path.join(folder, "alembic.ini")
    if os.path.isfile(ini):
        os.chdir(os.path.dirname(ini))
        return alembic.config.Config(ini, ini_section=args.section)
    if args.ini:
        raise Fatal(f"there is no file {args.ini}", "--ini names the project's alembic.ini")
    if not os.path.isdir(os.path.join(folder, "versions")):
        raise Fatal(f"{args.folder} holds neither alembic.ini nor a folder versions",
                    "name the folder of alembic.ini, or the one that holds env.py and versions; or add --ini FILE")
    os.chdir(folder)
    config = alembic.config.Config()
    config.set_main_option("script_location", folder.replace("%", "%%"))
    return config


def load_revisions(alembic, config):
    """Every script, parents first."""
    try:
        script = alembic.script.ScriptDirectory.from_config(config)
        revisions = list(script.walk_revisions("base", "heads"))
    except Exception as e:
        raise Fatal(f"Alembic cannot load the revisions: {reason_of(e, None)}",
                    "`alembic history` must work with this Python; --python names another one") from e
    revisions.reverse()
    return script, revisions


def env_options(alembic, config, script):
    """What env.py passes to context.configure(), without running a migration."""
    seen = {}

    def capture(heads, context):
        seen.update(context.opts)
        return []

    try:
        with alembic.runtime.environment.EnvironmentContext(
                config, script, fn=capture, as_sql=True, starting_rev=None, destination_rev="heads",
                output_buffer=open(os.devnull, "w")):
            script.run_env()
    except Exception as e:
        raise Fatal(f"env.py cannot be run in offline mode: {reason_of(e, None)}", "leave --env out") from e
    return {name: seen[name] for name in ("target_metadata", "version_table", "version_table_schema") if name in seen}


def engine_of_url(config):
    url = config.get_main_option("sqlalchemy.url") or ""
    return next((e for e in ENGINES if re.match(rf"{e}(\+\w+)?:", url)), None)


# --- rendering one function --------------------------------------------------------------------------------------


class Nothing:
    """The result of a statement that was only written down: whoever looks at it needs a database."""

    def _fail(self, *args, **kwargs):
        raise NeedsDatabase("the result of a query is used")

    __getattr__ = __iter__ = __bool__ = __len__ = __getitem__ = __next__ = _fail


def offline_connection(sqlalchemy, context):
    """Alembic's own stand-in for a connection drops parameters and answers None; this one does neither."""
    base = type(context.connection)

    def with_parameters(construct, values):
        if READ.match(str(construct)):
            raise NeedsDatabase("the result of a query is used")
        if isinstance(construct, sqlalchemy.sql.elements.TextClause):
            return construct.bindparams(**values)
        if isinstance(construct, sqlalchemy.sql.dml.Insert):
            return construct.values(**values)
        raise NeedsDatabase("a statement with parameters is executed on op.get_bind()")

    class Connection(base):
        def execute(self, construct, *multiparams, execution_options=None, parameters=None, **params):
            if isinstance(construct, str):
                construct = sqlalchemy.text(construct)
            rows = [params] if params else []
            for given in (*multiparams, parameters):
                rows += given if isinstance(given, (list, tuple)) else [given] if given else []
            if not all(isinstance(row, dict) for row in rows):
                raise NeedsDatabase("a statement with parameters is executed on op.get_bind()")
            for one in [with_parameters(construct, row) for row in rows] or [construct]:
                context.impl._exec(one)
            return Nothing()

        def exec_driver_sql(self, statement, parameters=None, **_):
            if parameters:
                raise NeedsDatabase("a statement with parameters is executed on op.get_bind()")
            return self.execute(statement.replace(":", r"\:"))

        def scalar(self, *_args, **_kwargs):
            raise NeedsDatabase("the result of a query is used")

        scalars = scalar

    connection = Connection.__new__(Connection)
    connection.__dict__.update(context.connection.__dict__)
    connection.__dict__.pop("execute", None)
    return connection


class Written:
    """What one function wrote: statements, and whether any stands outside a transaction."""

    def __init__(self):
        self.statements, self.transactional = [], True

    def add(self, text):
        text = text.strip().rstrip(";").rstrip()
        if TRANSACTION_WORDS.fullmatch(text):
            self.transactional = False
        elif text:
            self.statements.append(tidy(text) + ("\n;" if "--" in text.rsplit("\n", 1)[-1] else ";"))

    def leave(self):
        self.transactional = False

    def sql(self):
        return "\n".join(self.statements)


def tidy(text):
    """Without the tabs and blanks at the ends of lines that SQLAlchemy writes; quoted text stays as it is."""
    if re.search(r"--|/\*|\$|`", text):
        return text
    parts = QUOTED.split(text)
    plain = [re.sub(r"[ \t]+\n", "\n", part).replace("\n\t", "\n    ") for part in parts[::2]]
    parts[::2] = plain
    return "".join(parts)


def offline_context(alembic, sqlalchemy, engine, options, written):
    opts = dict(options, as_sql=True, literal_binds=True, output_buffer=open(os.devnull, "w"))
    context = alembic.runtime.migration.MigrationContext.configure(
        dialect_name=engine, dialect_opts={"paramstyle": "named"}, opts=opts)
    context.impl.static_output = written.add
    context.impl.emit_begin = lambda: None
    context.impl.emit_commit = written.leave
    context.connection = context.impl.connection = offline_connection(sqlalchemy, context)
    return context


def location_in(error, path):
    """"file.py:12" of the innermost frame that is in the revision's file; and whether it is the last one."""
    frames = traceback.extract_tb(error.__traceback__)
    inside = [f for f in frames if path and os.path.abspath(f.filename) == os.path.abspath(path)]
    where = f"{os.path.basename(path)}:{inside[-1].lineno}" if inside else None
    return where, bool(inside) and inside[-1] is frames[-1]


def reason_of(error, path):
    text = " ".join(str(error).split())[:REASON_MAX]
    name = type(error).__name__
    where = location_in(error, path)[0]
    said = text if isinstance(error, (NeedsDatabase, Fatal)) else f"{name}: {text}" if text else name
    return f"{said} ({where})" if where else said


def is_batch(error):
    frames = traceback.extract_tb(error.__traceback__)
    return any(f.filename.replace(os.sep, "/").endswith("alembic/operations/batch.py") for f in frames)


def is_irreversible(error, path):
    return isinstance(error, NotImplementedError) and location_in(error, path)[1]


def render(alembic, sqlalchemy, revision, direction, engine, options):
    """The section; None when there is no way in this direction. And whether a replay may help."""
    function = getattr(revision.module, direction, None)
    if function is None:
        return None, False
    written = Written()
    try:
        context = offline_context(alembic, sqlalchemy, engine, options, written)
        with alembic.operations.Operations.context(context):
            function()
    except (Exception, SystemExit) as e:
        if direction == "downgrade" and is_irreversible(e, revision.path):
            return None, False
        batch = engine == "sqlite" and is_batch(e)
        reason = "batch mode has to read the table from a database" if batch else reason_of(e, revision.path)
        where = location_in(e, revision.path)[0]
        return {"opaque": f"{reason} ({where})" if batch and where else reason}, batch
    return {"sql": written.sql(), "transactional": written.transactional}, False


# --- SQLite: batch mode, by replay in memory -----------------------------------------------------------------------


def literal(value):
    if value is None:
        return "NULL"
    if isinstance(value, bool):
        return str(int(value))
    if isinstance(value, int):
        return str(value)
    if isinstance(value, str) and "\0" not in value:
        return "'" + value.replace("'", "''") + "'"
    if isinstance(value, (bytes, memoryview)):
        return f"X'{bytes(value).hex()}'"
    raise NeedsDatabase("a statement has parameters of types that cannot be written down")


def with_literals(statement, values):
    """Every `?` outside quotes replaced by its value."""
    parts, values = QUOTED.split(statement), list(values)
    for i in range(0, len(parts), 2):
        pieces = parts[i].split("?")
        if len(pieces) - 1 > len(values):
            raise NeedsDatabase("a statement has parameters that cannot be written down")
        parts[i] = pieces[0] + "".join(literal(values.pop(0)) + piece for piece in pieces[1:])
    if values:
        raise NeedsDatabase("a statement has parameters that cannot be written down")
    return "".join(parts)


class Replay:
    """Runs the history in memory, as Alembic would, and keeps the statements of each function."""

    def __init__(self, alembic, sqlalchemy, options):
        self.alembic, self.sqlalchemy, self.options, self.sections = alembic, sqlalchemy, options, {}
        self.written, self.usable = Written(), True
        self.connection = self.connect()

    def connect(self):
        connection = self.sqlalchemy.create_engine("sqlite://").connect()
        self.sqlalchemy.event.listen(connection, "before_cursor_execute", self.see)
        return connection

    def see(self, connection, cursor, statement, parameters, context, executemany):
        if SCHEMA_READ.match(statement):
            return
        rows = (list(parameters) if executemany else [parameters]) if parameters else [()]
        try:
            for row in rows:
                self.written.add(with_literals(statement, row))
        except NeedsDatabase:
            self.usable = False
        self.usable = self.usable and not READ.match(statement)

    def run(self, connection, revision, direction):
        self.written, self.usable = Written(), True
        context = self.alembic.runtime.migration.MigrationContext.configure(connection, opts=dict(self.options))
        with self.alembic.operations.Operations.context(context):
            getattr(revision.module, direction)()
        if self.usable:
            self.sections[revision.revision, direction] = {"sql": self.written.sql(), "transactional": True}

    def run_down(self, revision):
        """On a copy: the history goes on from where it was."""
        copy = self.connect()
        raw = [getattr(c.connection, "dbapi_connection", None) or c.connection.connection for c in (self.connection, copy)]
        try:
            raw[0].commit()
            raw[0].backup(raw[1])
            self.run(copy, revision, "downgrade")
        except (Exception, SystemExit):
            pass
        finally:
            copy.close()

    def run_all(self, revisions, wanted):
        """As far as it goes."""
        for revision in revisions:
            try:
                self.run(self.connection, revision, "upgrade")
            except (Exception, SystemExit):
                return
            if (revision.revision, "downgrade") in wanted:
                self.run_down(revision)


# --- the lines ---------------------------------------------------------------------------------------------------


def words(value):
    return [] if value is None else [value] if isinstance(value, str) else [str(item) for item in value]


def created_of(doc):
    """RFC 3339 in UTC; a time without zone is taken as UTC."""
    found = CREATED.search(doc)
    if not found:
        return None
    day, time, zone = found.groups()
    zone = "+00:00" if zone in (None, "Z") else zone
    try:
        moment = datetime.datetime.strptime(f"{day} {time} {zone.replace(':', '')}", "%Y-%m-%d %H:%M:%S %z")
        return moment.astimezone(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    except (ValueError, OverflowError):
        return None


def describe(revision):
    return {
        "kind": "revision",
        "id": revision.revision,
        "parents": words(revision.module.down_revision),
        "labels": words(getattr(revision.module, "branch_labels", None)),
        "depends_on": words(getattr(revision.module, "depends_on", None)),
        "message": " ".join(revision.doc.split()),
        "created": created_of(revision.longdoc),
        "file": os.path.basename(revision.path),
        "sections": [],
    }


def export(args, emit):
    if args.path:
        sys.path.insert(0, os.path.abspath(args.path))
    alembic, sqlalchemy = load_alembic()
    config = make_config(alembic, args)
    script, revisions = load_revisions(alembic, config)
    options = env_options(alembic, config, script) if args.env else {}
    engine = engine_of_url(config)
    engines = args.engine or ([engine] if engine else list(ENGINES))
    emit({"kind": "begin", "format": 1, "alembic": alembic.__version__, "sqlalchemy": sqlalchemy.__version__,
          "engines": engines, "version_table": options.get("version_table", "alembic_version")})
    lines, waiting = [], {}
    for revision in revisions:
        line = describe(revision)
        for direction in ("upgrade", "downgrade"):
            for engine in engines:
                section, batch = render(alembic, sqlalchemy, revision, direction, engine, options)
                if section is None:
                    continue
                section.update(direction="up" if direction == "upgrade" else "down", engine=engine)
                line["sections"].append(section)
                if batch:
                    waiting[revision.revision, direction] = section
        lines.append(line)
    if waiting:
        replay = Replay(alembic, sqlalchemy, options)
        replay.run_all(revisions, waiting)
        for key in waiting.keys() & replay.sections.keys():
            waiting[key].pop("opaque")
            waiting[key].update(replay.sections[key], replayed=True)
    for line in lines:
        emit(line)
    emit({"kind": "end", "revisions": len(lines)})


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--ini")
    parser.add_argument("--section", default="alembic")
    parser.add_argument("--env", action="store_true")
    parser.add_argument("--path")
    parser.add_argument("--engine", action="append", choices=ENGINES)
    parser.add_argument("folder")
    args = parser.parse_args()
    lines = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what the revisions print is not a line of ours

    def emit(line):
        lines.write(json.dumps(line, ensure_ascii=True) + "\n")

    try:
        export(args, emit)
    except Fatal as e:
        emit({"kind": "error", "message": e.args[0], "hint": e.args[1]})
    lines.flush()


if __name__ == "__main__":
    main()
