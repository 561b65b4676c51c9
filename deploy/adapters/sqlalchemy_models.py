#!/usr/bin/env python3
"""Prints the CREATE statements of a module's SQLAlchemy models: a models_command of skein.

    "models_command": ["deploy/adapters/sqlalchemy_models.py", "{module}", "{engine}"]

usage: sqlalchemy_models.py MODULE [postgresql|sqlite]      in the project's root; the engine also by SKEIN_ENGINE

Models are the files DB_*.py of core (database/) or of an extension (extensions/MODULE/). Core's are always imported
first. Only what the module's own files declare is printed: a table that one of them declares again (extend_existing)
stays with the module that had it first, and columns that are added to it that way are an error. Any number of
declarative bases and MetaData objects will do. What models print while they are imported goes to standard error.
"""

import contextlib
import importlib
import importlib.abc
import importlib.machinery
import os
import re
import sys
import traceback

try:
    from sqlalchemy import Table, event, exc
    from sqlalchemy.dialects import sqlite
    from sqlalchemy.dialects.postgresql.base import PGDialect
    from sqlalchemy.engine.mock import MockConnection
except ImportError as missing:
    sys.exit(f"sqlalchemy_models.py: {missing}: install SQLAlchemy for {sys.executable}, or put the Python that has it "
             "first in PATH")

# Without %s parameters in the text a % is no escape.
DIALECTS = {"postgresql": lambda: PGDialect(paramstyle="named"), "sqlite": lambda: sqlite.dialect(paramstyle="named")}


class Wrong(Exception):
    """What the author of the models has to repair."""


# --- importing ------------------------------------------------------------------------------------------------------

def folder_of(module):
    return "database" if module == "core" else "extensions/" + module


def model_files(module):
    """Paths relative to the root, in the order of their names."""
    folder = folder_of(module)
    names = sorted(os.listdir(folder)) if os.path.isdir(folder) else []
    return [f"{folder}/{name}" for name in names if re.fullmatch(r"DB_\w+\.py", name)]


def import_name(path):
    return path[:-len(".py")].replace("/", ".")


class OneModuleAFile(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """`DB_users`, `database.DB_users` and `src.database.DB_users` are one module: imported twice it would declare its
    tables twice."""

    def find_spec(self, fullname, path=None, target=None):
        return importlib.machinery.ModuleSpec(fullname, self) if self.real_name(fullname) else None

    @staticmethod
    def real_name(fullname):
        last = fullname.rpartition(".")[2]
        if not last.startswith("DB_"):
            return None
        others = sorted(os.listdir("extensions")) if os.path.isdir("extensions") else []
        for real in [f"database.{last}", *(f"extensions.{name}.{last}" for name in others)]:
            known_as = (real, last, f"{os.path.basename(os.getcwd())}.{real}")
            if fullname in known_as[1:] and os.path.isfile(real.replace(".", "/") + ".py"):
                return real
        return None

    def create_module(self, spec):
        return importlib.import_module(self.real_name(spec.name))

    def exec_module(self, module):
        pass


class Declared:
    """Which file declared which table, and who else has a say about it."""

    def __init__(self, modules):
        self.files = {os.path.realpath(path): (module, path) for module in modules for path in model_files(module)}
        self.tables = {}  # table -> (module, "path:line")
        event.listen(Table, "after_parent_attach", self.attached)

    def attached(self, table, _parent):
        frame = sys._getframe()
        while frame is not None:
            known = self.files.get(os.path.realpath(frame.f_code.co_filename))
            if known and table not in self.tables:
                self.tables[table] = (known[0], f"{known[1]}:{frame.f_lineno}")
                return
            frame = frame.f_back

    def of(self, module):
        return [table for table, (owner, _) in self.tables.items() if owner == module]

    def metadatas(self):
        return list(dict.fromkeys(table.metadata for table in self.tables))


def where(error, files):
    """The last line of a model file that had to do with it."""
    places = [f"{files[os.path.realpath(f.filename)][1]}:{f.lineno}: " for f in traceback.extract_tb(error.__traceback__)
              if os.path.realpath(f.filename) in files]
    if isinstance(error, SyntaxError) and error.filename and os.path.realpath(error.filename) in files:
        return f"{files[os.path.realpath(error.filename)][1]}:{error.lineno}:{error.offset or 1}: "
    return places[-1] if places else ""


def import_models(declared, module):
    for path in model_files(module):
        try:
            with contextlib.redirect_stdout(sys.stderr):
                importlib.import_module(import_name(path))
        except Exception as error:  # whatever a model file can do wrong
            text = error.msg if isinstance(error, SyntaxError) else f"{type(error).__name__}: {error}"
            raise Wrong(f"{where(error, declared.files) or path + ': '}{text}") from error


def columns_of(tables):
    return {table: list(table.columns.keys()) for table in tables}


# --- printing -------------------------------------------------------------------------------------------------------

def resolve_foreign_keys(declared, table):
    """A table that another MetaData has becomes scenery in this one: it is referred to, not printed."""
    for key in list(table.foreign_keys):
        try:
            key.column
        except exc.NoReferencedTableError as error:
            target = key._column_tokens
            name = f"{target[0]}.{target[1]}" if target[0] else target[1]
            found = [m.tables[name] for m in declared.metadatas() if name in m.tables]
            if not found:
                raise Wrong(f"{declared.tables[table][1]}: {table.name} refers to {key.target_fullname}, and no model file "
                            "declares that table") from error
            found[0].to_metadata(table.metadata)


def text_of(statement, dialect):
    return str(statement.compile(dialect=dialect)).strip()


def statements(declared, module, dialect):
    """As create_all() would run them: sequences, types, tables, indexes, comments, and the models' own DDL."""
    made = []
    connection = MockConnection(dialect, lambda statement, *_, **__: made.append(text_of(statement, dialect)))
    own = declared.of(module)
    for table in own:
        resolve_foreign_keys(declared, table)
    for metadata in dict.fromkeys(table.metadata for table in own):
        tables = [table for table in own if table.metadata is metadata]
        try:
            metadata.create_all(connection, tables=tables, checkfirst=False)
        except exc.SQLAlchemyError as error:
            raise Wrong(f"{declared.tables[tables[0]][1]}: {error}") from error
    return with_indexes_in_order(made)


def with_indexes_in_order(made):
    """SQLAlchemy keeps a table's indexes in a set: the same models shall give the same text."""
    ordered, run = [], []
    for text in [*made, ""]:
        if re.match(r"CREATE (UNIQUE )?INDEX ", text):
            run.append(text)
        else:
            ordered += [*sorted(run), text]
            run = []
    return ordered[:-1]


def check_foreign(declared, before):
    for table, columns in before.items():
        more = [name for name in table.columns.keys() if name not in columns]
        if more:
            owner, place = declared.tables[table]
            raise Wrong(f"{place}: {table.name} is {owner}'s, and a column is added to it elsewhere: {', '.join(more)}; "
                        f"declare it there, or in a table of your own")


def main(module, engine):
    if not re.fullmatch(r"[a-z][a-z0-9_]*", module):
        raise Wrong(f"'{module}' is no module: core, or the name of an extension")
    if engine not in DIALECTS:
        raise Wrong(f"the engine is postgresql or sqlite, and not '{engine}'")
    root = os.getcwd()
    sys.path[:0] = [root, root + "/database", os.path.dirname(root)]
    sys.meta_path.insert(0, OneModuleAFile())
    sys.dont_write_bytecode = True
    modules = list(dict.fromkeys(["core", module]))
    if not model_files(module):
        return
    declared = Declared(modules)
    import_models(declared, "core")
    before = columns_of(declared.of("core"))
    foreign = []
    if module != "core":
        foreign = statements(declared, "core", DIALECTS[engine]())
        import_models(declared, module)
        check_foreign(declared, before)
    for text in statements(declared, module, DIALECTS[engine]()):
        if text not in foreign:
            print(text.rstrip(";") + ";\n")


if __name__ == "__main__":
    if len(sys.argv) not in (2, 3) or sys.argv[1] in ("-h", "--help"):
        sys.exit(__doc__)
    try:
        main(sys.argv[1], sys.argv[2] if len(sys.argv) == 3 else os.environ.get("SKEIN_ENGINE", ""))
    except Wrong as wrong:
        sys.exit(f"sqlalchemy_models.py: {wrong}")
