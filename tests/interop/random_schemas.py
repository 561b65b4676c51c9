"""Random schemas, and what becomes of them by random changes: as cases of roundtrip.py.

A schema is a dictionary of tables, enums (PostgreSQL) and views. What hangs on a column goes with it when the column
goes or gets another type, so that every schema is one that its engine takes. The same seed makes the same pair.
"""

import copy
import json
import os
import random

NAMES = ["name", "email", "status", "total", "order", "Group", "note", "a b", "price", "owner", "x"]
LABELS = ["sad", "ok", "happy", "mad", "calm"]

# type -> defaults
TYPES = {
    "postgresql": {
        "integer": ["0", "42"], "bigint": ["(1 + 2)"], "text": ["'x'", "'it''s'", "lower('ABC')"], "uuid": ["gen_random_uuid()"],
        "varchar(20)": ["'a'"], "varchar(50)": ["'b'::varchar"], "numeric(10,2)": ["0.5"], "boolean": ["true"], "char(3)": ["'abc'"],
        "date": ["CURRENT_DATE"], "timestamptz": ["now()", "CURRENT_TIMESTAMP"], "jsonb": ["'{}'"], "text[]": ["'{}'", "ARRAY['a', 'b']"],
        "double precision": ["1.5"], "interval": ["'1 day'"]},
    "sqlite": {
        "INTEGER": ["0", "(1 + 2)"], "TEXT": ["'x'", "'it''s'", "CURRENT_TIMESTAMP"], "REAL": ["1.5"], "BLOB": ["x'00'"],
        "VARCHAR(20)": ["'a'"], "BOOLEAN": ["TRUE"], "NUMERIC(10,2)": ["1"], "INT": ["5"]},
}
NUMBERS = ("integer", "bigint", "int", "real", "numeric(10,2)", "double precision")
STRINGS = ("text", "varchar(20)", "varchar(50)", "char(3)")


def quoted(name):
    return name if name.isidentifier() and name.islower() and name != "order" else f'"{name}"'


class Author:
    """Makes schemas and changes them."""

    def __init__(self, engine, seed):
        self.random, self.engine, self.serial = random.Random(seed), engine, 0
        self.postgresql = engine == "postgresql"

    def maybe(self, share):
        return self.random.random() < share

    def fresh(self, prefix):
        self.serial += 1
        return f"{prefix}_{self.serial}"

    # --- a schema ---

    def schema(self):
        made = {"tables": {}, "enums": {}, "views": {}}
        for _ in range(self.random.randint(0, 2) if self.postgresql else 0):
            made["enums"][self.fresh("mood")] = self.random.sample(LABELS, self.random.randint(2, 4))
        for _ in range(self.random.randint(1, 4)):
            self.add_table(made)
        for _ in range(self.random.randint(0, 2)):
            self.add_view(made)
        return made

    def column(self, schema, name):
        if schema["enums"] and self.maybe(.2):
            kind = self.random.choice(sorted(schema["enums"]))
            defaults = [f"'{schema['enums'][kind][0]}'"]
        else:
            kind, defaults = self.random.choice(list(TYPES[self.engine].items()))
        collation = '"C"' if self.postgresql else "NOCASE"
        return {"name": name, "type": kind, "null": self.maybe(.6), "from": None,
                "default": self.random.choice(defaults) if self.maybe(.4) else None,
                "collate": collation if kind.lower() == "text" and self.maybe(.2) else None,
                "comment": f"about {name}" if self.postgresql and self.maybe(.15) else None}

    def add_table(self, schema):
        table = {"name": self.fresh(self.random.choice(["users", "Items", "t"])), "checks": {}, "indexes": {}, "trigger": self.maybe(.15),
                 "key": self.random.choice(["serial", "identity", "always", ""] if self.postgresql else ["AUTOINCREMENT", ""]),
                 "columns": [self.column(schema, n) for n in self.random.sample(NAMES, self.random.randint(2, 6))]}
        schema["tables"][table["name"]] = table
        for _ in range(self.random.randint(0, 3)):
            self.add_constraint(schema, table)
        for _ in range(self.random.randint(0, 2)):
            self.add_index(table)

    def some(self, table):
        """Columns that an index takes."""
        return [c for c in table["columns"] if c["type"] not in ("jsonb", "BLOB")] or [{"name": "id", "type": "integer", "from": None}]

    def predicate(self, column):
        name, kind = quoted(column["name"]), column["type"].lower()
        if kind in NUMBERS:
            return self.random.choice([f"{name} > 0", f"{name} BETWEEN 1 AND 9", f"{name} IN (1, 2, 3)"])
        if kind in STRINGS:
            return self.random.choice([f"{name} IN ('a', 'b')", f"length({name}) > 1", f"{name} LIKE 'a%'"])
        return f"{name} IS NOT NULL"

    def add_constraint(self, schema, table):
        """name -> (text, columns that it needs, table that it refers to)"""
        name, column = self.fresh("c"), self.random.choice(self.some(table))
        prefix = f"CONSTRAINT {name} " if self.maybe(.7) else ""
        integers = [c for c in table["columns"] if c["type"].lower() == "integer" and not c["from"]]
        kind = self.random.choice(["UNIQUE", "CHECK", "FOREIGN KEY"])
        if kind == "UNIQUE":
            table["checks"][name] = (f"{prefix}UNIQUE ({quoted(column['name'])})", [column["name"]], None)
        elif kind == "CHECK":
            table["checks"][name] = (f"{prefix}CHECK ({self.predicate(column)})", [column["name"]], None)
        elif integers:
            column, other = self.random.choice(integers), self.random.choice(list(schema["tables"]))
            action = self.random.choice(["", " ON DELETE CASCADE", " ON DELETE SET NULL ON UPDATE CASCADE", " DEFERRABLE INITIALLY DEFERRED"])
            table["checks"][name] = (f"{prefix}FOREIGN KEY ({quoted(column['name'])}) REFERENCES {quoted(other)} (id){action}",
                                     [column["name"]], other)

    def add_index(self, table):
        name, columns = self.fresh("ix"), self.some(table)
        columns = self.random.sample(columns, min(len(columns), self.random.randint(1, 2)))
        parts = [(f"lower({quoted(c['name'])})" if c["type"].lower() == "text" and self.maybe(.3) else quoted(c["name"])) +
                 self.random.choice(["", " DESC"]) + (self.random.choice(["", " NULLS FIRST"]) if self.postgresql else "") for c in columns]
        where = f" WHERE {self.predicate(columns[0])}" if self.maybe(.3) else ""
        unique = "UNIQUE " if self.maybe(.2) else ""
        table["indexes"][name] = (f"CREATE {unique}INDEX {name} ON {quoted(table['name'])} ({', '.join(parts)}){where}", [c["name"] for c in columns])

    def add_view(self, schema):
        table = self.random.choice(list(schema["tables"].values()))
        columns = self.random.sample(table["columns"], self.random.randint(1, len(table["columns"])))
        schema["views"][self.fresh("v")] = (table["name"], [c["name"] for c in columns], self.postgresql and self.maybe(.3))

    # --- changes ---

    def changed(self, schema):
        schema = copy.deepcopy(schema)
        steps = [self.add_column, self.add_column, self.drop_column, self.retype, self.alter, self.alter, self.generate, self.toggle, self.relabel,
                 lambda s, t: self.add_constraint(s, t), lambda s, t: self.add_index(t), lambda s, t: self.add_table(s),
                 lambda s, t: self.add_view(s), lambda s, t: self.take(t["checks"]), lambda s, t: self.take(t["indexes"]),
                 lambda s, t: self.take(s["views"]), self.drop_table]
        for _ in range(self.random.randint(1, 4)):
            self.random.choice(steps)(schema, self.random.choice(list(schema["tables"].values())))
        return schema

    def take(self, things):
        if things:
            del things[self.random.choice(sorted(things))]

    def add_column(self, schema, table):
        free = [name for name in NAMES if name not in [c["name"] for c in table["columns"]]]
        if free:
            table["columns"].append(self.column(schema, self.random.choice(free)))

    def forget(self, schema, table, name):
        """What needs the column goes."""
        gone = {name} | {c["name"] for c in table["columns"] if c["from"] == name}
        for things in ("checks", "indexes"):
            table[things] = {k: v for k, v in table[things].items() if not gone & set(v[1])}
        table["columns"] = [c for c in table["columns"] if c["from"] != name]
        schema["views"] = {k: v for k, v in schema["views"].items() if v[0] != table["name"] or not gone & set(v[1])}

    def drop_column(self, schema, table):
        name = self.random.choice(table["columns"])["name"]
        self.forget(schema, table, name)
        table["columns"] = [c for c in table["columns"] if c["name"] != name]
        if not table["columns"]:
            self.add_column(schema, table)

    def retype(self, schema, table):
        column = self.random.choice(table["columns"])
        if column["from"]:
            return
        self.forget(schema, table, column["name"])
        column.update(self.column(schema, column["name"]))

    def alter(self, _, table):
        column = self.random.choice(table["columns"])
        if column["from"]:
            return
        if self.maybe(.5):
            column["null"] = not column["null"]
        elif column["type"] in TYPES[self.engine]:
            column["default"] = None if column["default"] else TYPES[self.engine][column["type"]][0]

    def generate(self, _, table):
        sources = [c["name"] for c in table["columns"] if c["type"].lower() == "integer" and not c["from"]]
        if sources and "gen" not in [c["name"] for c in table["columns"]]:
            table["columns"].append({"name": "gen", "type": "INTEGER" if not self.postgresql else "integer", "null": True, "default": None,
                                     "collate": None, "comment": None, "from": self.random.choice(sources)})

    def toggle(self, _, table):
        if self.postgresql and self.maybe(.5):
            table["key"] = self.random.choice(["serial", "identity", "always", ""])
        else:
            table["trigger"] = not table["trigger"]

    def relabel(self, schema, _):
        for name, labels in sorted(schema["enums"].items())[:1]:
            if self.maybe(.6) or len(labels) < 3:
                labels.insert(self.random.randint(0, len(labels)), self.fresh("label"))
            elif not any(c["default"] == f"'{labels[-1]}'" for t in schema["tables"].values() for c in t["columns"] if c["type"] == name):
                labels.pop()

    def drop_table(self, schema, table):
        if len(schema["tables"]) == 1:
            return
        del schema["tables"][table["name"]]
        schema["views"] = {k: v for k, v in schema["views"].items() if v[0] != table["name"]}
        for other in schema["tables"].values():
            other["checks"] = {k: v for k, v in other["checks"].items() if v[2] != table["name"]}

    # --- SQL ---

    def sql(self, schema):
        out = [f"CREATE TYPE {name} AS ENUM ({', '.join(map(repr, labels))})" for name, labels in schema["enums"].items()]
        for table in self.ordered(schema):
            out += self.table_sql(table)
        for name, (table, columns, stored) in schema["views"].items():
            out.append(f"CREATE {'MATERIALIZED ' if stored else ''}VIEW {name} AS SELECT {', '.join(map(quoted, columns))} FROM {quoted(table)}")
        return ";\n".join(out) + ";\n"

    @staticmethod
    def ordered(schema):
        """Tables after those that they refer to; a constraint that closes a circle is left out."""
        order, done = [], set()
        for table in schema["tables"].values():
            done.add(table["name"])
            table["checks"] = {k: v for k, v in table["checks"].items() if v[2] is None or v[2] in done}
            order.append(table)
        return order

    def key_sql(self, table):
        if not self.postgresql:
            return f"id INTEGER PRIMARY KEY {table['key']}".rstrip()
        if table["key"] == "serial":
            return "id serial PRIMARY KEY"
        how = {"identity": " GENERATED BY DEFAULT AS IDENTITY", "always": " GENERATED ALWAYS AS IDENTITY", "": ""}
        return f"id integer{how[table['key']]} PRIMARY KEY"

    @staticmethod
    def column_sql(column):
        text = f"{quoted(column['name'])} {column['type']}"
        text += f" COLLATE {column['collate']}" if column["collate"] else ""
        text += f" GENERATED ALWAYS AS ({quoted(column['from'])} * 2) STORED" if column["from"] else ""
        text += f" DEFAULT {column['default']}" if column["default"] else ""
        return text + ("" if column["null"] else " NOT NULL")

    def table_sql(self, table):
        name = quoted(table["name"])
        lines = [self.key_sql(table), *map(self.column_sql, table["columns"]), *(check[0] for check in table["checks"].values())]
        out = [f"CREATE TABLE {name} (\n    " + ",\n    ".join(lines) + "\n)", *(index[0] for index in table["indexes"].values())]
        out += [f"COMMENT ON COLUMN {name}.{quoted(c['name'])} IS '{c['comment']}'" for c in table["columns"] if c["comment"]]
        trigger = quoted("touch_" + table["name"])
        if table["trigger"] and self.postgresql:
            out += [f"CREATE FUNCTION {trigger}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$",
                    f"CREATE TRIGGER {trigger} BEFORE UPDATE ON {name} FOR EACH ROW EXECUTE FUNCTION {trigger}()"]
        elif table["trigger"]:
            out.append(f"CREATE TRIGGER {trigger} AFTER UPDATE ON {name} BEGIN SELECT 1; END")
        return out


def write_case(folder, engine, seed):
    """A case of roundtrip.py: FOLDER/ENGINE/random-SEED."""
    author = Author(engine, seed)
    before = author.schema()
    a, b = author.sql(before), author.sql(author.changed(before))
    path = f"{folder}/{engine}/random-{seed:06}"
    os.makedirs(path)
    meta = {"engine": engine, "class": "nochange" if a == b else "diff", "tier": 1, "kinds": []}
    for name, text in (("a.sql", a), ("b.sql", b), ("meta.json", json.dumps(meta))):
        with open(f"{path}/{name}", "w", encoding="utf-8") as file:
            file.write(text)
