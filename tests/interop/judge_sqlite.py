"""What a SQLite database holds: {(kind, name): facts}, from its pragmas and from the text that it keeps.

An independent judge of generated migrations. The pragmas do not tell everything (checks, collations, names of
constraints, conflict clauses, AUTOINCREMENT), so the CREATE statements are cut into tokens and put into one order: a
constraint counts the same beside its column and at the end of the table.
"""

import re

TOKEN = re.compile(r"""\s+|--[^\n]*|/\*.*?\*/|'(?:[^']|'')*'|"(?:[^"]|"")*"|`(?:[^`]|``)*`|\[[^\]]*\]|[A-Za-z_\x80-\U0010ffff$]"""
                   r"""[\w$\x80-\U0010ffff]*|\d[\w.]*|<=|>=|<>|==|!=|\|\||->>|->|<<|>>|.""", re.S)
# As SQLite folds names: ASCII only.
LOWER = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "abcdefghijklmnopqrstuvwxyz")
OWN = re.compile(r"(alembic_version|skein_|sqlite_)")
QUOTES = {'"': '"', "`": "`", "[": "]"}


def tokens(sql):
    """Without space and comments; names without quotes, everything but strings in lower case."""
    found = []
    for token in TOKEN.findall(sql):
        if token[0].isspace() or token.startswith(("--", "/*")):
            continue
        if token[0] in QUOTES:
            end = QUOTES[token[0]]
            token = token[1:-1].replace(end * 2, end).translate(LOWER)
        elif token[0] != "'":
            token = token.translate(LOWER)
        found.append(token)
    return found


def split(words, separator=","):
    """At the separators that stand in no parenthesis."""
    parts, depth = [[]], 0
    for word in words:
        depth += (word == "(") - (word == ")")
        if word == separator and depth == 0:
            parts.append([])
        else:
            parts[-1].append(word)
    return parts


def group(words, start):
    """The end of the parenthesis that opens at `start`."""
    depth = 0
    for i in range(start, len(words)):
        depth += (words[i] == "(") - (words[i] == ")")
        if depth == 0:
            return i + 1
    return len(words)


STARTS = {"constraint", "primary", "not", "null", "unique", "check", "default", "collate", "references", "generated", "as"}


def pieces(words):
    """A column's constraints, each as its words."""
    found, i, named = [], 0, False
    while i < len(words):
        word = words[i]
        follows = found and found[-1][-1:]
        begins = word in STARTS and not named and not (word == "null" and follows in (["not"], ["set"], ["default"])) and not (
            word == "default" and follows == ["set"]) and not (word == "as" and follows == ["always"]) and not (
            word == "not" and i + 1 < len(words) and words[i + 1] == "deferrable")
        if begins or not found:
            found.append([])
        if word == "(":
            end = group(words, i)
            found[-1] += words[i:end]
            i = end
            continue
        named = word == "constraint"
        found[-1].append(word)
        if named and i + 1 < len(words):
            found[-1].append(words[i + 1])
            i += 1
            if i + 1 < len(words):
                found[-1].append(words[i + 1])
                i += 1
            named = False
        i += 1
    return found


def bare(piece):
    """(name, the constraint without it)"""
    return (piece[1], piece[2:]) if piece[:1] == ["constraint"] else (None, piece)


def column(words):
    """(name, type, what is the column's own, what counts as the table's)"""
    name, kind, i = words[0], [], 1
    while i < len(words) and words[i] not in STARTS:
        end = group(words, i) if words[i] == "(" else i + 1
        kind += words[i:end]
        i = end
    own, shared = set(), []
    for piece in pieces(words[i:]):
        label, rest = bare(piece)
        if rest[:2] == ["primary", "key"] and "autoincrement" in rest:
            own.add("autoincrement")
            rest = [word for word in rest if word != "autoincrement"]
        if rest[:2] == ["primary", "key"]:
            sort = [word for word in rest[2:3] if word == "desc"]
            tail = [word for word in rest[2:] if word not in ("asc", "desc")]
            shared.append((label, " ".join(["primary", "key", "(", name, *sort, ")", *tail])))
        elif rest[:1] == ["unique"]:
            shared.append((label, " ".join(["unique", "(", name, ")", *rest[1:]])))
        elif rest[:1] == ["references"]:
            shared.append((label, " ".join(["foreign", "key", "(", name, ")", *rest])))
        elif rest[:1] == ["check"]:
            shared.append((label, " ".join(rest)))
        elif rest != ["null"]:
            if rest[:1] == ["as"]:
                rest = ["generated", "always", *rest]
            if rest[:1] == ["generated"] and rest[-1] == "virtual":
                rest = rest[:-1]
            own.add(" ".join(rest))
    return name, " ".join(kind), frozenset(own), shared


def unqualified(words, name):
    """Without the table's own name before its columns."""
    return [word for i, word in enumerate(words) if not (words[i:i + 2] == [name, "."] or words[i - 1:i + 1] == [name, "."])]


def table(sql):
    """(facts, columns in order, facts of each column) of a CREATE TABLE."""
    words = tokens(sql)
    start = words.index("(")
    words = words[:start] + unqualified(words[start:], words[start - 1])
    end = group(words, start)
    options = frozenset(" ".join(option) for option in split(words[end:]) if option)
    columns, order, constraints = {}, [], []
    for part in split(words[start + 1:end - 1]):
        label, rest = bare(part)
        if rest[0] in ("primary", "unique", "check", "foreign"):
            rest = [word for i, word in enumerate(rest) if not (word == "asc" and rest[0] in ("primary", "unique"))]
            constraints.append((label, " ".join(rest)))
            continue
        name, kind, own, shared = column(part)
        columns[name] = (kind, own)
        order.append(name)
        constraints += shared
    return (options, tuple(sorted(constraints, key=str))), order, columns


def snapshot(cursor):
    """({(kind, name): facts}, {table: its columns in order})"""
    facts, order = {}, {}
    rows = cursor.execute("SELECT type, name, tbl_name, sql FROM sqlite_schema").fetchall()
    shadow = {row[1] for row in cursor.execute("PRAGMA table_list") if row[2] == "shadow"}
    for kind, name, on, sql in rows:
        if OWN.match(on) or on in shadow:
            continue
        key = name.translate(LOWER)
        if kind != "table" or sql.upper().startswith("CREATE VIRTUAL"):
            if sql is not None:  # an index of a constraint is seen there
                facts[kind, key] = (on.translate(LOWER), " ".join(tokens(sql)))
            continue
        facts[kind, key], order[key], columns = table(sql)
        for column_name, about in columns.items():
            facts["column", f"{key}.{column_name}"] = about
        quoted = name.replace('"', '""')
        for row in cursor.execute(f'PRAGMA table_xinfo("{quoted}")').fetchall():
            facts["pragma", f"{key}.{row[1].translate(LOWER)}"] = (row[2].translate(LOWER).replace(" ", ""), *row[3:4], *row[5:])
        facts["pragma", key] = tuple(sorted(indexes(cursor, quoted), key=str))
        facts["references", key] = tuple(sorted(foreign_keys(cursor, quoted)))
    return facts, order


def indexes(cursor, quoted):
    """Of constraints and of their own, without names: unique, origin, partial, key columns."""
    for _, name, *about in cursor.execute(f'PRAGMA index_list("{quoted}")').fetchall():
        escaped = name.replace('"', '""')
        columns = cursor.execute(f'PRAGMA index_xinfo("{escaped}")').fetchall()
        yield (*about, *(tuple(column[2:]) for column in columns if column[5]))


def foreign_keys(cursor, quoted):
    found = {}
    for number, _, target, own, other, update, delete, match in cursor.execute(f'PRAGMA foreign_key_list("{quoted}")').fetchall():
        found.setdefault(number, [target.translate(LOWER), update, delete, match]).append((own.translate(LOWER), (other or "").translate(LOWER)))
    return [str(entry) for entry in found.values()]
