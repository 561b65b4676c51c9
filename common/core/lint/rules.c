/* The table of rules. Every text here is printed: by `skein lint --rules`, in SARIF and in docs/reference/lint.md. */
#include <string.h>

#include "skein/lint/rule.h"

#define BOTH ENGINE_UNSET
#define PG ENGINE_POSTGRESQL
#define LITE ENGINE_SQLITE

static const struct lint_rule rules[RULE_COUNT] = {
    /* ---- what cannot work ---- */
    [RULE_SYNTAX_ERROR] =
        {"syntax_error", LINT_ERROR, BOTH, NULL, "the engine's grammar does not know the statement",
         "The step would fail when it is applied. PostgreSQL's grammar is that of version 15, SQLite's "
         "that of the library that skein runs with. A section without an engine is read by every "
         "engine that the project is for.",
         "ALTER TABEL orders ADD COLUMN note text;",
         "Write what the engine knows; what only one engine knows belongs into a section for it.",
         "ALTER TABLE orders ADD COLUMN note text;"},
    [RULE_TRANSACTION_CONTROL] = {"transaction_control", LINT_ERROR, BOTH, NULL,
                                  "the script begins or ends a transaction",
                                  "skein runs every step in a transaction together with the version row. A script that "
                                  "ends it would leave changes without a record; it is refused.",
                                  "BEGIN;\nUPDATE orders SET note = '';\nCOMMIT;", "Leave these statements out.",
                                  "UPDATE orders SET note = '';"},
    [RULE_NEEDS_NO_TRANSACTION] = {"needs_no_transaction", LINT_ERROR, BOTH, NULL,
                                   "the engine refuses the statement inside a transaction",
                                   "Steps run in a transaction unless their section says otherwise.",
                                   "CREATE INDEX CONCURRENTLY orders_user_idx ON orders (user_id);",
                                   "Put it alone into a revision whose section says transaction:false.",
                                   "-- migrate:up postgresql transaction:false\n"
                                   "CREATE INDEX CONCURRENTLY orders_user_idx ON orders (user_id);"},
    [RULE_PRAGMA] = {"pragma", LINT_ERROR, LITE, NULL, "a revision may not use this PRAGMA",
                     "Settings of the connection are skein's; only PRAGMA foreign_keys=OFF as the first statement of a "
                     "section has a meaning there, and those that look or that are rolled back with the transaction "
                     "are let through.",
                     "PRAGMA journal_mode = WAL;", "Set it where the application opens the file.", NULL},
    [RULE_SQLITE_ADD_COLUMN] = {"sqlite_add_column", LINT_ERROR, LITE, NULL, "SQLite cannot add such a column",
                                "ALTER TABLE ADD COLUMN refuses PRIMARY KEY and UNIQUE always; a stored generated "
                                "column and a default that is computed, such as CURRENT_TIMESTAMP, as soon as the "
                                "table has rows.",
                                "ALTER TABLE users ADD COLUMN email TEXT UNIQUE;",
                                "Add the plain column and an index, or make the table again.",
                                "ALTER TABLE users ADD COLUMN email TEXT;\n"
                                "CREATE UNIQUE INDEX users_email_key ON users (email);"},
    [RULE_SQLITE_DROP_COLUMN] = {"sqlite_drop_column", LINT_ERROR, LITE, NULL, "SQLite cannot drop this column",
                                 "ALTER TABLE DROP COLUMN refuses a column that is in the primary key, in a UNIQUE "
                                 "constraint or in an index.",
                                 "CREATE INDEX users_email_idx ON users (email);\nALTER TABLE users DROP COLUMN email;",
                                 "Drop the index first; for a key make the table again.",
                                 "DROP INDEX users_email_idx;\nALTER TABLE users DROP COLUMN email;"},
    [RULE_CONCURRENT_ON_PARTITIONED] =
        {"concurrent_on_partitioned", LINT_ERROR, PG, NULL,
         "CREATE INDEX CONCURRENTLY does not work on a partitioned table", "PostgreSQL refuses it.",
         "CREATE INDEX CONCURRENTLY events_at_idx ON events (at);",
         "Make the index on the parent only, then one on each partition concurrently, and attach them.",
         "CREATE INDEX events_at_idx ON ONLY events (at);\n"
         "-- in revisions with transaction:false, for each partition:\n"
         "CREATE INDEX CONCURRENTLY events_2026_at_idx ON events_2026 (at);\n"
         "-- and then:\n"
         "ALTER INDEX events_at_idx ATTACH PARTITION events_2026_at_idx;"},

    /* ---- modules ---- */
    [RULE_OTHER_MODULES_TABLE] =
        {"other_modules_table", LINT_ERROR, BOTH, NULL, "the statement changes a table that another module owns",
         "The module whose revisions create a table owns it. Its author changes it without "
         "knowing of yours, and a downgrade of one of you breaks the other.",
         "-- in the extension billing; core makes the table users\n"
         "ALTER TABLE users ADD COLUMN billing_plan text;",
         "Keep the extension's data in a table of its own that refers to the other one.",
         "CREATE TABLE billing_plans (user_id integer PRIMARY KEY REFERENCES users (id), plan text);"},
    [RULE_OTHER_MODULES_ROWS] = {"other_modules_rows", LINT_WARNING, BOTH, NULL,
                                 "the statement writes rows of a table that another module owns",
                                 "The owner does not know of these rows, and a downgrade does not take them away.",
                                 "-- in the extension billing; core makes the table users\n"
                                 "UPDATE users SET name = '' WHERE id = 1;",
                                 "Let the owner's revision do it.", NULL},
    [RULE_CORE_NEEDS_EXTENSION] =
        {"core_needs_extension", LINT_ERROR, BOTH, NULL, "a revision of core uses a table of an extension",
         "Core never depends on an extension: it is applied first, and without it.",
         "-- in core\nALTER TABLE orders ADD COLUMN invoice_id integer REFERENCES billing_invoices (id);",
         "Turn the reference round: the extension's table refers to core's.", NULL},
    [RULE_DEPENDENCY_MISSING] = {"dependency_missing", LINT_ERROR, BOTH, NULL,
                                 "the table comes from a revision that this one does not depend on",
                                 "Nothing makes the other module's revision go first: on a new database the step fails "
                                 "or not, as the order falls.",
                                 "-- in an extension, without a depends_on header\n"
                                 "CREATE TABLE billing_plans (user_id integer REFERENCES users (id));",
                                 "Name the revision that makes the table in the header depends_on.",
                                 "-- depends_on: core:3c0a51d7e201"},
    [RULE_TWO_OWNERS] = {"two_owners", LINT_ERROR, BOTH, NULL, "two modules make the same table",
                         "Whoever comes second fails, or takes the other's table for its own.",
                         "-- in the extension billing, while core has a table users\nCREATE TABLE users (id integer);",
                         "Choose another name, with the extension's prefix; in a model file CREATE TABLE IF NOT EXISTS "
                         "means to refer to the other module's table.",
                         "CREATE TABLE billing_users (id integer);"},
    [RULE_RESERVED_TABLE] = {"reserved_table", LINT_ERROR, BOTH, NULL, "the table belongs to skein or Alembic",
                             "Version tables and the ledger are written by the step itself; a script that touches them "
                             "makes the record wrong.",
                             "DELETE FROM alembic_version;",
                             "`skein stamp` sets versions, `skein detach` removes skein's tables.", NULL},
    [RULE_EXTENSION_PREFIX] =
        {"extension_prefix", LINT_WARNING, BOTH, NULL, "an extension's table without the extension's prefix",
         "Extensions of different authors meet in one database: the prefix keeps their names apart.",
         "-- in the extension billing\nCREATE TABLE invoices (id integer PRIMARY KEY);",
         "Begin the name with the extension's.", "CREATE TABLE billing_invoices (id integer PRIMARY KEY);"},

    /* ---- locks ---- */
    [RULE_INDEX_NOT_CONCURRENT] =
        {"index_not_concurrent", LINT_WARNING, PG, "SHARE", "an index is built on an existing table while writers wait",
         "CREATE INDEX reads the whole table and lets nobody write to it until the transaction ends.",
         "CREATE INDEX orders_user_idx ON orders (user_id);",
         "Build it concurrently, alone in a revision without a transaction. (`skein revision --auto "
         "--concurrently` writes it that way.)",
         "-- migrate:up postgresql transaction:false\n"
         "CREATE INDEX CONCURRENTLY orders_user_idx ON orders (user_id);"},
    [RULE_DROP_INDEX_NOT_CONCURRENT] =
        {"drop_index_not_concurrent", LINT_WARNING, PG, "ACCESS EXCLUSIVE",
         "an index is dropped while readers and writers of its table wait",
         "DROP INDEX takes the strongest lock on the table and keeps it until the transaction ends.",
         "DROP INDEX orders_user_idx;", "Drop it concurrently, alone in a revision without a transaction.",
         "-- migrate:up postgresql transaction:false\n"
         "DROP INDEX CONCURRENTLY orders_user_idx;"},
    [RULE_REINDEX_NOT_CONCURRENT] = {"reindex_not_concurrent", LINT_WARNING, PG, "SHARE",
                                     "an index is built again while writers wait",
                                     "REINDEX locks out writers, and readers that would use the index.",
                                     "REINDEX TABLE orders;", "Build it again concurrently.",
                                     "-- migrate:up postgresql transaction:false\nREINDEX TABLE CONCURRENTLY orders;"},
    [RULE_REFRESH_NOT_CONCURRENT] = {"refresh_not_concurrent", LINT_WARNING, PG, "ACCESS EXCLUSIVE",
                                     "a materialised view is refreshed while its readers wait",
                                     "The query runs under the strongest lock on the view.",
                                     "REFRESH MATERIALIZED VIEW sales;",
                                     "Refresh it concurrently; the view needs a unique index for that.",
                                     "REFRESH MATERIALIZED VIEW CONCURRENTLY sales;"},
    [RULE_DETACH_NOT_CONCURRENT] = {"detach_not_concurrent", LINT_WARNING, PG, "ACCESS EXCLUSIVE",
                                    "a partition is detached while readers and writers of its parent wait",
                                    "DETACH PARTITION takes the strongest lock on the parent.",
                                    "ALTER TABLE events DETACH PARTITION events_2020;", "Detach it concurrently.",
                                    "-- migrate:up postgresql transaction:false\n"
                                    "ALTER TABLE events DETACH PARTITION events_2020 CONCURRENTLY;"},
    [RULE_ATTACH_SCANS] =
        {"attach_scans", LINT_NOTICE, PG, "ACCESS EXCLUSIVE",
         "attaching a partition reads all of it under its strongest lock",
         "PostgreSQL has to see that every row belongs there, unless a validated check says so.",
         "ALTER TABLE events ATTACH PARTITION events_2026 FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');",
         "Add a check of the same bounds as NOT VALID and validate it in revisions before this one.",
         "ALTER TABLE events_2026 ADD CONSTRAINT events_2026_bounds\n"
         "    CHECK (at >= '2026-01-01' AND at < '2027-01-01') NOT VALID;"},
    [RULE_TYPE_CHANGE] =
        {"type_change", LINT_WARNING, PG, "ACCESS EXCLUSIVE",
         "the type of an existing column changes and the table is rewritten",
         "Every row is written again, with all indexes, while nobody can read or write. Changes that only "
         "widen, such as varchar(20) to varchar(50) or to text, are free and not reported where "
         "the old type is known.",
         "ALTER TABLE orders ALTER COLUMN id TYPE bigint;",
         "Add a new column, fill it in batches, and let the application change over.",
         "ALTER TABLE orders ADD COLUMN id_new bigint;"},
    [RULE_TABLE_REWRITE] =
        {"table_rewrite", LINT_WARNING, PG, "ACCESS EXCLUSIVE", "the whole table is written again",
         "CLUSTER, VACUUM FULL, SET LOGGED, SET TABLESPACE and SET ACCESS METHOD copy the table while "
         "nobody can read or write it.",
         "ALTER TABLE orders SET TABLESPACE fast;", "Do it in a maintenance window, not in a migration.", NULL},
    [RULE_VOLATILE_DEFAULT] =
        {"volatile_default", LINT_WARNING, PG, "ACCESS EXCLUSIVE",
         "a column is added with a default that differs from row to row: the table is rewritten",
         "A constant default, also now(), is stored once. For random(), gen_random_uuid() and the like "
         "every row is written.",
         "ALTER TABLE orders ADD COLUMN token uuid DEFAULT gen_random_uuid();",
         "Add the column without a default, set the default for new rows, and fill the old ones in batches.",
         "ALTER TABLE orders ADD COLUMN token uuid;\n"
         "ALTER TABLE orders ALTER COLUMN token SET DEFAULT gen_random_uuid();"},
    [RULE_STORED_GENERATED] =
        {"stored_generated", LINT_WARNING, PG, "ACCESS EXCLUSIVE",
         "a stored generated column is added: the table is rewritten", "Every row gets its value at once.",
         "ALTER TABLE orders ADD COLUMN total integer GENERATED ALWAYS AS (price * amount) STORED;",
         "Add a plain column, keep it with a trigger, and fill it in batches.", NULL},
    [RULE_SERIAL_COLUMN] = {"serial_column", LINT_WARNING, PG, "ACCESS EXCLUSIVE",
                            "a serial or identity column is added: the table is rewritten",
                            "Every row gets its number at once.", "ALTER TABLE orders ADD COLUMN number serial;",
                            "Add a plain column, give it a sequence as default, and fill it in batches.",
                            "ALTER TABLE orders ADD COLUMN number integer;\n"
                            "CREATE SEQUENCE orders_number_seq OWNED BY orders.number;\n"
                            "ALTER TABLE orders ALTER COLUMN number SET DEFAULT nextval('orders_number_seq');"},
    [RULE_SET_NOT_NULL] =
        {"set_not_null", LINT_WARNING, PG, "ACCESS EXCLUSIVE",
         "SET NOT NULL reads the whole table under its strongest lock",
         "PostgreSQL looks for NULLs, unless a validated check of the column says that there is none.",
         "ALTER TABLE orders ALTER COLUMN note SET NOT NULL;",
         "Add a check as NOT VALID, validate it in the next revision, then set NOT NULL and drop the check.",
         "ALTER TABLE orders ADD CONSTRAINT orders_note_not_null CHECK (note IS NOT NULL) NOT VALID;\n"
         "-- in the next revision:\n"
         "ALTER TABLE orders VALIDATE CONSTRAINT orders_note_not_null;\n"
         "-- and then:\n"
         "ALTER TABLE orders ALTER COLUMN note SET NOT NULL;\n"
         "ALTER TABLE orders DROP CONSTRAINT orders_note_not_null;"},
    [RULE_NOT_NULL_COLUMN] = {"not_null_column", LINT_WARNING, BOTH, NULL,
                              "a NOT NULL column without a default is added to an existing table",
                              "It fails as soon as the table has a row.",
                              "ALTER TABLE orders ADD COLUMN note text NOT NULL;",
                              "Give it a default, or add it without NOT NULL and fill it first.",
                              "ALTER TABLE orders ADD COLUMN note text NOT NULL DEFAULT '';"},
    [RULE_CHECK_VALIDATES] =
        {"check_validates", LINT_WARNING, PG, "ACCESS EXCLUSIVE",
         "a check is added and read through the whole table under its strongest lock",
         "Without NOT VALID every row is looked at before the statement ends.",
         "ALTER TABLE orders ADD CONSTRAINT orders_amount_check CHECK (amount > 0);",
         "Add it as NOT VALID and validate it in the next revision: that lets readers and writers go on.",
         "ALTER TABLE orders ADD CONSTRAINT orders_amount_check CHECK (amount > 0) NOT VALID;\n"
         "-- in the next revision:\n"
         "ALTER TABLE orders VALIDATE CONSTRAINT orders_amount_check;"},
    [RULE_FOREIGN_KEY_VALIDATES] =
        {"foreign_key_validates", LINT_WARNING, PG, "SHARE ROW EXCLUSIVE",
         "a foreign key is added and checked for the whole table while writers of both tables wait",
         "Without NOT VALID every row is looked up before the statement ends.",
         "ALTER TABLE orders ADD CONSTRAINT orders_user_fkey FOREIGN KEY (user_id) REFERENCES users (id);",
         "Add it as NOT VALID and validate it in the next revision.",
         "ALTER TABLE orders ADD CONSTRAINT orders_user_fkey FOREIGN KEY (user_id) REFERENCES users (id) NOT VALID;\n"
         "-- in the next revision:\n"
         "ALTER TABLE orders VALIDATE CONSTRAINT orders_user_fkey;"},
    [RULE_VALIDATE_SAME_TRANSACTION] =
        {"validate_same_transaction", LINT_WARNING, PG, "ACCESS EXCLUSIVE",
         "a constraint is validated in the transaction that added it",
         "The lock of ADD CONSTRAINT is kept while VALIDATE reads the table: NOT VALID has gained nothing.",
         "ALTER TABLE orders ADD CONSTRAINT orders_amount_check CHECK (amount > 0) NOT VALID;\n"
         "ALTER TABLE orders VALIDATE CONSTRAINT orders_amount_check;",
         "Validate in a revision of its own, and apply it by itself or with --transaction-per-revision.", NULL},
    [RULE_KEY_BUILDS_INDEX] =
        {"key_builds_index", LINT_WARNING, PG, "ACCESS EXCLUSIVE",
         "a key builds its index while readers and writers wait",
         "ADD PRIMARY KEY, ADD UNIQUE and EXCLUDE build an index under the table's strongest lock.",
         "ALTER TABLE users ADD CONSTRAINT users_email_key UNIQUE (email);",
         "Build the unique index concurrently before, and make it the constraint's. (An exclusion "
         "constraint has no such way.)",
         "-- migrate:up postgresql transaction:false\n"
         "CREATE UNIQUE INDEX CONCURRENTLY users_email_key ON users (email);\n"
         "-- in the next revision:\n"
         "ALTER TABLE users ADD CONSTRAINT users_email_key UNIQUE USING INDEX users_email_key;"},
    [RULE_LOCK_TABLE] = {"lock_table", LINT_WARNING, PG, "ACCESS EXCLUSIVE",
                         "LOCK TABLE keeps others out until the commit",
                         "skein's whole plan for a database is one transaction: the lock is kept to its end.",
                         "LOCK TABLE orders;", "Statements take the locks that they need.", NULL},
    [RULE_LONG_LOCK_TIMEOUT] = {"long_lock_timeout", LINT_WARNING, PG, NULL,
                                "statements may wait long for a lock, or for ever",
                                "Everybody who comes after a waiting ALTER TABLE waits behind it. skein gives up after "
                                "2 seconds and tries again, unless a section says otherwise.",
                                "-- migrate:up lock_timeout:0s\nALTER TABLE orders ADD COLUMN note text;",
                                "Leave lock_timeout to skein, or keep it within a few seconds.",
                                "-- migrate:up lock_timeout:5s\nALTER TABLE orders ADD COLUMN note text;"},
    [RULE_MIXED_DDL_DML] =
        {"mixed_ddl_dml", LINT_WARNING, PG, "ACCESS EXCLUSIVE",
         "rows are changed in bulk while the lock of a statement before is kept",
         "A lock is kept until the commit: what ALTER TABLE needs for a moment lasts as long as the UPDATE.",
         "ALTER TABLE orders ADD COLUMN note text;\nUPDATE orders SET note = '' WHERE note IS NULL;",
         "Change the rows in a revision of its own.", NULL},

    /* ---- data, and programs that use it ---- */
    [RULE_DROP_TABLE] =
        {"drop_table", LINT_WARNING, BOTH, "ACCESS EXCLUSIVE", "a table is dropped with its rows",
         "The rows are gone; a downgrade makes an empty table at best. A comment `-- destructive: reason` "
         "above the statement says that this is known: then it is a notice.",
         "DROP TABLE orders;", "Rename it first, and drop it when nobody has missed it.",
         "ALTER TABLE orders RENAME TO orders_old;"},
    [RULE_DROP_COLUMN] =
        {"drop_column", LINT_WARNING, BOTH, "ACCESS EXCLUSIVE", "a column is dropped with its values",
         "The values are gone, and programs that still name the column fail. A comment `-- destructive: "
         "reason` above the statement says that this is known: then it is a notice.",
         "ALTER TABLE orders DROP COLUMN note;", "Release programs that do not use it before, and say what is lost.",
         "-- destructive: the notes; nobody has read them since 2024\nALTER TABLE orders DROP COLUMN note;"},
    [RULE_DROP_CASCADE] = {"drop_cascade", LINT_WARNING, BOTH, NULL, "CASCADE drops things that are not named",
                           "What goes with it depends on the database at hand, and no downgrade brings it back.",
                           "DROP TABLE orders CASCADE;", "Drop what depends on it by name.",
                           "DROP VIEW order_totals;\nDROP TABLE orders;"},
    [RULE_TRUNCATE] = {"truncate", LINT_WARNING, PG, "ACCESS EXCLUSIVE", "all rows of a table are removed",
                       "The rows are gone, and no downgrade brings them back.", "TRUNCATE orders;",
                       "Delete what is meant, with a WHERE.", NULL},
    [RULE_UPDATE_ALL_ROWS] =
        {"update_all_rows", LINT_WARNING, BOTH, "ROW EXCLUSIVE", "UPDATE without WHERE changes every row",
         "All rows stay locked until the commit, and on PostgreSQL each is written again. Or the WHERE was forgotten.",
         "UPDATE orders SET note = '';", "Change only rows that need it, in batches if there are many.",
         "UPDATE orders SET note = '' WHERE note IS NULL;"},
    [RULE_DELETE_ALL_ROWS] = {"delete_all_rows", LINT_WARNING, BOTH, "ROW EXCLUSIVE",
                              "DELETE without WHERE removes every row",
                              "The rows are gone, and no downgrade brings them back. Or the WHERE was forgotten.",
                              "DELETE FROM orders;", "Say which rows.", "DELETE FROM orders WHERE cancelled;"},
    [RULE_RENAME_TABLE] =
        {"rename_table", LINT_WARNING, BOTH, "ACCESS EXCLUSIVE", "a table in use is renamed",
         "Programs that run while the step is applied, and those of the release before, name the old one.",
         "ALTER TABLE orders RENAME TO purchases;", "Leave a view of the old name for as long as it is used.",
         "ALTER TABLE orders RENAME TO purchases;\nCREATE VIEW orders AS SELECT * FROM purchases;"},
    [RULE_RENAME_COLUMN] =
        {"rename_column", LINT_WARNING, BOTH, "ACCESS EXCLUSIVE", "a column in use is renamed",
         "Programs that run while the step is applied, and those of the release before, name the old one.",
         "ALTER TABLE orders RENAME COLUMN note TO remark;",
         "Add the new column, let programs write both, and drop the old one later.",
         "ALTER TABLE orders ADD COLUMN remark text;"},
    [RULE_REBUILD_FOREIGN_KEYS] =
        {"rebuild_foreign_keys", LINT_WARNING, LITE, NULL, "a table is made again without PRAGMA foreign_keys=OFF",
         "With foreign keys enforced DROP TABLE deletes the table's rows first, and with them what "
         "refers to them by ON DELETE CASCADE. skein's default is off, so a section that does "
         "not say anything is a notice; one that asks for ON is a warning.",
         "PRAGMA foreign_keys=ON;\n"
         "CREATE TABLE users_new (id INTEGER PRIMARY KEY, email TEXT NOT NULL);\n"
         "INSERT INTO users_new SELECT id, email FROM users;\n"
         "DROP TABLE users;\nALTER TABLE users_new RENAME TO users;",
         "Begin the section with PRAGMA foreign_keys=OFF: skein then switches it off before the "
         "transaction whatever others want, and checks all keys before the commit.",
         "PRAGMA foreign_keys=OFF;\n"
         "CREATE TABLE users_new (id INTEGER PRIMARY KEY, email TEXT NOT NULL);\n"
         "INSERT INTO users_new SELECT id, email FROM users;\n"
         "DROP TABLE users;\nALTER TABLE users_new RENAME TO users;"},
    [RULE_REBUILD_ORDER] =
        {"rebuild_order", LINT_WARNING, LITE, NULL, "a table is made again the wrong way round",
         "When the old table is renamed away first, foreign keys, triggers and views of other tables follow it there.",
         "ALTER TABLE users RENAME TO users_old;\nCREATE TABLE users (id INTEGER PRIMARY KEY);",
         "Make the new table under another name, copy, drop the old one, then rename.",
         "PRAGMA foreign_keys=OFF;\nCREATE TABLE users_new (id INTEGER PRIMARY KEY);\n"
         "INSERT INTO users_new SELECT id FROM users;\n"
         "DROP TABLE users;\nALTER TABLE users_new RENAME TO users;"},
    [RULE_ENUM_VALUE_USED] = {"enum_value_used", LINT_WARNING, PG, NULL,
                              "a new value of an enum is used in the transaction that adds it",
                              "PostgreSQL refuses it: unsafe use of new value.",
                              "ALTER TYPE mood ADD VALUE 'calm';\nUPDATE people SET mood = 'calm' WHERE mood IS NULL;",
                              "Use it in a later revision: skein ends the transaction after the one that adds it.",
                              NULL},

    /* ---- one script, many databases ---- */
    [RULE_SEARCH_PATH] = {"search_path", LINT_WARNING, PG, NULL, "the script changes search_path",
                          "skein sets it for every target: with one schema for each tenant the statements after this "
                          "one would land in another schema.",
                          "SET search_path = public;",
                          "Leave it out; `--schema` and the agent's configuration choose the schema.", NULL},
    [RULE_PUBLIC_SCHEMA] = {"public_schema", LINT_NOTICE, PG, NULL, "a name says schema public",
                            "A project that is applied to schemas of tenants changes the same table for all of them.",
                            "CREATE TABLE public.orders (id integer);", "Write names without a schema.",
                            "CREATE TABLE orders (id integer);"},
    [RULE_SESSION_SETTING] = {"session_setting", LINT_NOTICE, PG, NULL, "SET without LOCAL outlives the step",
                              "The session goes on with other steps, and with other tenants.",
                              "SET statement_timeout = '10min';",
                              "Write SET LOCAL; for timeouts use the section's options.",
                              "-- migrate:up statement_timeout:10m"},
    [RULE_WHOLE_SERVER] = {"whole_server", LINT_WARNING, PG, NULL,
                           "the statement is about the server, not about this database",
                           "Roles, databases and settings of the server are shared by all targets on it: the second "
                           "target fails, and a downgrade takes away what others need.",
                           "CREATE ROLE reporting;", "Set servers up outside of migrations.", NULL},
    [RULE_ROLE_NAME] = {"role_name", LINT_NOTICE, PG, NULL, "the statement names a role",
                        "It has to exist on every server that has a target.", "GRANT SELECT ON orders TO reporting;",
                        "Give rights by default privileges, outside of migrations.", NULL},
    [RULE_LONG_NAME] =
        {"long_name", LINT_WARNING, PG, NULL, "a name has more than 63 bytes",
         "PostgreSQL cuts it without an error: the object is not found under its full name by programs "
         "that ask the catalog, and two names with the same beginning are one.",
         "CREATE INDEX CONCURRENTLY orders_by_customer_and_delivery_address_and_date_of_the_order_idx ON orders (a);",
         "Choose a shorter name.", NULL},

    /* ---- steps ---- */
    [RULE_NOT_ALONE] =
        {"not_alone", LINT_WARNING, BOTH, NULL, "several statements in a section without a transaction",
         "When one fails, those before it stay. Only a step of one statement can be repeated or decided about after a "
         "crash.",
         "-- migrate:up postgresql transaction:false\n"
         "CREATE INDEX CONCURRENTLY a_idx ON orders (a);\nCREATE INDEX CONCURRENTLY b_idx ON orders (b);",
         "Make one revision for each.", NULL},
    [RULE_NO_PROBE] =
        {"no_probe", LINT_WARNING, BOTH, NULL, "a step without a transaction has no probe",
         "After a crash in the middle nobody knows whether it was done: the target waits for a person. For "
         "CREATE and DROP INDEX CONCURRENTLY of one index the probe is built in.",
         "-- migrate:up postgresql transaction:false\nALTER TABLE events DETACH PARTITION events_2020 CONCURRENTLY;",
         "Add a section that tells: done, partial or none.",
         "-- migrate:probe postgresql\n"
         "SELECT CASE WHEN relispartition THEN 'none' ELSE 'done' END\n"
         "FROM pg_class WHERE oid = to_regclass('events_2020');"},
    [RULE_NO_DOWN] = {"no_down", LINT_NOTICE, BOTH, NULL, "the revision cannot be taken back",
                      "Without a section down a downgrade through it is refused.", NULL,
                      "Add a section down, also one that only says in a comment that nothing is to be done.",
                      "-- migrate:down\nALTER TABLE orders DROP COLUMN note;"},
    [RULE_DOWN_INCOMPLETE] = {"down_incomplete", LINT_NOTICE, BOTH, NULL, "down does not take back what up makes",
                              "After a downgrade and another upgrade the step would fail: it is there already.", NULL,
                              "Drop in down what up creates.", "-- migrate:down\nDROP TABLE orders;"},

    /* ---- switches ---- */
    [RULE_BAD_SWITCH] = {"bad_switch", LINT_WARNING, BOTH, NULL, "a comment for lint that does nothing",
                         "It names no rule, one that is not known, or gives no reason.", "-- skein:lint off drop_table",
                         "Write the rules, a colon and the reason.",
                         "-- skein:lint off drop_table: the table was never used"},
    [RULE_UNUSED_SWITCH] = {"unused_switch", LINT_NOTICE, BOTH, NULL, "a comment for lint that is not needed",
                            "The rule finds nothing there.", NULL,
                            "Delete the comment; above the first section that leaves the checksum as it is.", NULL},
};

const struct lint_rule *lint_rule_get(enum rule_id id)
{
    return &rules[id];
}

enum rule_id lint_rule_find(struct str id)
{
    for (int i = RULE_UNSET + 1; i < RULE_COUNT; i++)
        if (str_is(id, rules[i].id))
            return (enum rule_id)i;
    return RULE_UNSET;
}

const char *lint_severity_name(enum lint_severity severity)
{
    switch (severity) {
    case LINT_NOTICE:
        return "notice";
    case LINT_WARNING:
        return "warning";
    case LINT_ERROR:
        return "error";
    case LINT_UNSET:
        break;
    }
    return "unset";
}
