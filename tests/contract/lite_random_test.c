/*
 * Random SQLite schemas. Everything about one is a gene: a number that depends on a seed and a key ("table 3, column 2,
 * type"). A second schema has some genes of another seed. Whatever comes out: the migration leads there and back
 * without losing rows; the same genes spelled in another way make no difference.
 *
 * usage: contract_lite_random FIRST COUNT      seeds; SHOW=SEED in the environment prints one
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/contract/lite_pair.h"
#include "tests/support/cmocka.h"

enum { TABLES = 5, COLUMNS = 6, VIEWS = 3, SQL_MAX = 1 << 20 };

struct genome {
    unsigned seed;     /* of everything */
    unsigned other;    /* of what is mutated; 0: nothing */
    unsigned spelling; /* of quotes, case, space and places */
    unsigned spelled;  /* counts what was spelled */
    struct strbuf sql;
};

static unsigned mix(unsigned h, unsigned value)
{
    h ^= value + 0x9e3779b9u + (h << 6) + (h >> 2);
    h ^= h >> 16;
    h *= 0x85ebca6bu;
    h ^= h >> 13;
    h *= 0xc2b2ae35u;
    return h ^ (h >> 16);
}

enum gene {
    TABLE_THERE = 1,
    TABLE_KEY,
    TABLE_OPTION,
    TABLE_CHECK,
    TABLE_UNIQUE,
    TABLE_INDEX,
    TABLE_INDEX_KIND,
    TABLE_TRIGGER,
    COLUMN_THERE,
    COLUMN_TYPE,
    COLUMN_NULL,
    COLUMN_DEFAULT,
    COLUMN_UNIQUE,
    COLUMN_CHECK,
    COLUMN_COLLATION,
    COLUMN_REFERENCE,
    COLUMN_GENERATED,
    VIEW_THERE,
    VIEW_TABLE,
    VIEW_FORM,
};

/* A number below `range`. */
static unsigned gene(const struct genome *g, enum gene what, unsigned i, unsigned k, unsigned range)
{
    unsigned key = mix(mix(mix(1, (unsigned)what), i), k);
    bool mutated = g->other != 0 && mix(g->other, key) % 100 < 12;
    return mix(mutated ? g->other + 77 : g->seed, key) % range;
}

static bool chance(const struct genome *g, enum gene what, unsigned i, unsigned k, unsigned percent)
{
    return gene(g, what, i, k, 100) < percent;
}

/* ---- spelling ---- */

static unsigned spell(struct genome *g, unsigned range)
{
    return mix(g->spelling, ++g->spelled) % range;
}

static void put(struct genome *g, const char *text)
{
    strbuf_puts(&g->sql, text);
}

/* Keywords and types: any case, any space around. */
static void word(struct genome *g, const char *text)
{
    static const char *const spaces[] = {" ", " ", "  ", "\n ", " /* , ( */ ", " -- x\n"};
    bool lower = spell(g, 3) == 0;
    put(g, g->spelling == 0 ? " " : spaces[spell(g, 6)]);
    for (; *text != '\0'; text++)
        strbuf_putc(&g->sql, (char)(lower && *text >= 'A' && *text <= 'Z' ? *text + 32 : *text));
}

static void name(struct genome *g, const char *kind, unsigned i)
{
    static const char *const quotes[] = {"%s%u", "\"%s%u\"", "[%s%u]", "`%s%u`"};
    put(g, " ");
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    strbuf_printf(&g->sql, quotes[g->spelling == 0 ? 0 : spell(g, 4)], kind, i);
#pragma GCC diagnostic pop
}

/* ---- what there is ---- */

enum key { KEY_NONE, KEY_ROWID, KEY_AUTOINCREMENT, KEY_TEXT, KEY_TWO, KEY_INT, KEYS };

static bool has_table(const struct genome *g, unsigned t)
{
    return chance(g, TABLE_THERE, t, 0, 85);
}

static bool has_column(const struct genome *g, unsigned t, unsigned c)
{
    return c < 2 || chance(g, COLUMN_THERE, t, c, 70);
}

static enum key key_of(const struct genome *g, unsigned t)
{
    return (enum key)gene(g, TABLE_KEY, t, 0, KEYS);
}

static bool is_strict(const struct genome *g, unsigned t)
{
    return gene(g, TABLE_OPTION, t, 0, 8) == 0;
}

static bool is_without_rowid(const struct genome *g, unsigned t)
{
    enum key key = key_of(g, t);
    return gene(g, TABLE_OPTION, t, 0, 8) == 1 && key != KEY_NONE && key != KEY_AUTOINCREMENT;
}

static bool is_generated(const struct genome *g, unsigned t, unsigned c)
{
    return c >= 2 && chance(g, COLUMN_GENERATED, t, c, 10);
}

/* ---- tables ---- */

static const char *type_of(const struct genome *g, unsigned t, unsigned c)
{
    static const char *const loose[] = {"INTEGER", "TEXT", "VARCHAR(20)", "REAL", "BLOB", "NUMERIC", "", "INT"};
    static const char *const strict[] = {"INTEGER", "TEXT", "ANY", "REAL", "BLOB", "INT", "ANY", "TEXT"};
    unsigned type = gene(g, COLUMN_TYPE, t, c, 8);
    enum key key = key_of(g, t);
    if (c == 0)
        return key == KEY_ROWID || key == KEY_AUTOINCREMENT ? "INTEGER" : key == KEY_INT ? "INT" : "TEXT";
    return is_strict(g, t) ? strict[type] : loose[type];
}

static void put_default(struct genome *g, unsigned t, unsigned c)
{
    static const char *const values[][2] = {
        {"0", "(0)"}, {"'x'", "('x')"}, {"-5", "( -5 )"}, {"(1 + 1)", "((1+1))"}, {"1.5", "+1.5"}};
    unsigned value = gene(g, COLUMN_DEFAULT, t, c, 10);
    bool strict = is_strict(g, t);
    if (value >= 5 || (strict && value > 0))
        return;
    word(g, "DEFAULT");
    put(g, " ");
    put(g, values[value][g->spelling == 0 ? 0 : spell(g, 2)]);
}

static void put_check(struct genome *g, unsigned t, unsigned c, unsigned form)
{
    word(g, "CHECK");
    put(g, "(");
    name(g, "c", c);
    put(g, form == 0 ? " IS NOT 'never')" : form == 1 ? " <> 'no,)' OR 1=1)" : "!=99999)");
    (void)t;
}

static void put_reference(struct genome *g, unsigned t, unsigned c)
{
    unsigned form = gene(g, COLUMN_REFERENCE, t, c, 12);
    word(g, "REFERENCES");
    name(g, "t", form % TABLES);
    put(g, "(");
    name(g, "c", 0);
    put(g, ")");
    if (form % 3 == 0)
        word(g, "ON DELETE CASCADE");
    if (form % 4 == 1)
        word(g, "DEFERRABLE INITIALLY DEFERRED");
}

static void put_generated(struct genome *g, unsigned t, unsigned c)
{
    bool stored = gene(g, COLUMN_GENERATED, t, c + 100, 2) == 0;
    put(g, g->spelling != 0 && spell(g, 2) == 0 ? " GENERATED ALWAYS" : "");
    word(g, "AS");
    put(g, "(length(");
    name(g, "c", 1);
    put(g, "))");
    if (stored)
        word(g, "STORED");
    else if (g->spelling != 0 && spell(g, 2) == 0)
        word(g, "VIRTUAL");
}

/* What can stand at a column or at the end of the table. */
struct later {
    bool unique[COLUMNS], check[COLUMNS], reference[COLUMNS], key;
};

static bool goes_later(struct genome *g, bool *ret)
{
    *ret = g->spelling != 0 && spell(g, 2) == 0;
    return *ret;
}

static void put_column_key(struct genome *g, unsigned t, struct later *later)
{
    enum key key = key_of(g, t);
    if (key == KEY_NONE || key == KEY_TWO || (key != KEY_AUTOINCREMENT && goes_later(g, &later->key)))
        return;
    word(g, "PRIMARY KEY");
    if (key == KEY_AUTOINCREMENT)
        word(g, "AUTOINCREMENT");
}

static void put_column(struct genome *g, unsigned t, unsigned c, struct later *later)
{
    name(g, "c", c);
    put(g, " "); /* SQLite takes a comment before GENERATED for a part of the type */
    put(g, type_of(g, t, c));
    if (c == 0)
        put_column_key(g, t, later);
    if (is_generated(g, t, c)) {
        put_generated(g, t, c);
        return;
    }
    if (c > 0 && chance(g, COLUMN_NULL, t, c, 20))
        word(g, "NOT NULL");
    if (c > 0)
        put_default(g, t, c);
    if (chance(g, COLUMN_COLLATION, t, c, 10))
        word(g, "COLLATE NOCASE");
    if (c > 0 && chance(g, COLUMN_UNIQUE, t, c, 8) && !goes_later(g, &later->unique[c]))
        word(g, "UNIQUE");
    if (chance(g, COLUMN_CHECK, t, c, 12) && !goes_later(g, &later->check[c]))
        put_check(g, t, c, gene(g, COLUMN_CHECK, t, c + 50, 3));
    if (c > 0 && chance(g, COLUMN_REFERENCE, t, c + 50, 12) && !goes_later(g, &later->reference[c]))
        put_reference(g, t, c);
}

static void put_columns_of(struct genome *g, const char *what, unsigned c)
{
    put(g, ",");
    word(g, what);
    put(g, "(");
    name(g, "c", c);
    put(g, ")");
}

static void put_later(struct genome *g, unsigned t, const struct later *later)
{
    if (later->key)
        put_columns_of(g, "PRIMARY KEY", 0);
    for (unsigned c = 0; c < COLUMNS; c++) {
        if (later->unique[c])
            put_columns_of(g, "UNIQUE", c);
        if (later->reference[c]) {
            put_columns_of(g, "FOREIGN KEY", c);
            put_reference(g, t, c);
        }
        if (later->check[c]) {
            put(g, ",");
            put_check(g, t, c, gene(g, COLUMN_CHECK, t, c + 50, 3));
        }
    }
}

static void put_table_rules(struct genome *g, unsigned t)
{
    if (key_of(g, t) == KEY_TWO) {
        put(g, ",");
        word(g, "PRIMARY KEY");
        put(g, "(c0, c1)");
    }
    if (chance(g, TABLE_CHECK, t, 0, 15)) {
        put(g, ", CONSTRAINT k");
        put_check(g, t, 1, gene(g, TABLE_CHECK, t, 1, 3));
    }
    if (chance(g, TABLE_UNIQUE, t, 0, 15)) {
        put(g, ",");
        word(g, "UNIQUE");
        put(g, "(c1, c0)");
    }
}

static void put_table(struct genome *g, unsigned t)
{
    struct later later = {0};
    word(g, "CREATE TABLE");
    name(g, "t", t);
    put(g, "(");
    for (unsigned c = 0; c < COLUMNS; c++) {
        if (!has_column(g, t, c))
            continue;
        put(g, c > 0 ? "," : "");
        put_column(g, t, c, &later);
    }
    put_later(g, t, &later);
    put_table_rules(g, t);
    put(g, ")");
    if (is_strict(g, t))
        word(g, "STRICT");
    if (is_without_rowid(g, t))
        word(g, "WITHOUT ROWID");
    put(g, ";\n");
}

/* ---- what hangs on tables ---- */

static unsigned some_column(const struct genome *g, unsigned t, unsigned k)
{
    unsigned c = gene(g, TABLE_INDEX_KIND, t, k + 10, COLUMNS);
    return has_column(g, t, c) ? c : 1;
}

static void put_index(struct genome *g, unsigned t, unsigned k)
{
    unsigned kind = gene(g, TABLE_INDEX_KIND, t, k, 5);
    if (!chance(g, TABLE_INDEX, t, k, 35))
        return;
    word(g, "CREATE INDEX");
    name(g, "i", t * 10 + k);
    word(g, "ON");
    name(g, "t", t);
    put(g, kind == 2 ? "(lower(" : "(");
    name(g, "c", some_column(g, t, k));
    put(g, kind == 2 ? ")" : "");
    if (kind == 1)
        word(g, "DESC");
    put(g, ")");
    if (kind == 3)
        put(g, " WHERE c1 > 5");
    put(g, ";\n");
}

static void put_trigger(struct genome *g, unsigned t)
{
    unsigned other = (t + 1) % TABLES;
    if (!chance(g, TABLE_TRIGGER, t, 0, 30) || !has_table(g, other))
        return;
    word(g, "CREATE TRIGGER");
    name(g, "g", t);
    word(g, "AFTER INSERT ON");
    name(g, "t", t);
    word(g, "BEGIN DELETE FROM");
    name(g, "t", other);
    strbuf_printf(&g->sql, " WHERE c1 = 'g%u'; END;\n", gene(g, TABLE_TRIGGER, t, 1, 3));
}

static void put_view(struct genome *g, unsigned v)
{
    unsigned t = gene(g, VIEW_TABLE, v, 0, TABLES), form = gene(g, VIEW_FORM, v, 0, 4);
    if (!chance(g, VIEW_THERE, v, 0, 70) || !has_table(g, t))
        return;
    word(g, "CREATE VIEW");
    name(g, "v", v);
    word(g, "AS SELECT");
    if (form == 0)
        put(g, " *");
    else
        name(g, "c", form == 1 ? 0 : some_column(g, t, 7));
    word(g, "FROM");
    bool over_view = v > 0 && form == 3 && chance(g, VIEW_THERE, v - 1, 0, 70) &&
                     has_table(g, gene(g, VIEW_TABLE, v - 1, 0, TABLES));
    name(g, "t", t);
    if (over_view) {
        word(g, ", (SELECT count(*) FROM");
        name(g, "v", v - 1);
        put(g, ")");
    }
    put(g, ";\n");
}

static struct str schema_sql(struct pair *p, struct genome *g)
{
    strbuf_init(&g->sql, SQL_MAX);
    for (unsigned t = 0; t < TABLES; t++)
        if (has_table(g, t)) {
            put_table(g, t);
            put_index(g, t, 0);
            put_index(g, t, 1);
        }
    for (unsigned t = 0; t < TABLES; t++)
        if (has_table(g, t))
            put_trigger(g, t);
    for (unsigned v = 0; v < VIEWS; v++)
        put_view(g, v);
    struct str sql = str_copy(&p->arena, strbuf_str(&g->sql));
    strbuf_release(&g->sql);
    return sql;
}

/* ---- judging ---- */

static bool judge(struct pair *p, bool nochange, bool filled)
{
    struct world w = {0};
    bool ok = pair_open(p, &w) && pair_compare(p, &w);
    if (ok && getenv("SHOW") != NULL)
        printf("%.*s-- b\n%.*s-- up\n%.*s-- down\n%.*s", STR_ARG(p->a), STR_ARG(p->b), STR_ARG(pair_text(p, &w.up)),
               STR_ARG(pair_text(p, &w.down)));
    if (ok && nochange && w.up.list.count + w.down.list.count > 0)
        ok = pair_report(p, str_cstr(&p->arena, pair_text(p, &w.up)), NULL);
    if (ok && filled)
        pair_fill(p, scratch_db(w.a));
    p->spelled = true; /* views and indexes are not judged by their text */
    ok = ok && pair_there_and_back(p, &w, filled);
    pair_close(&w);
    return ok;
}

static bool check(unsigned seed, unsigned other, unsigned spelling, bool filled)
{
    struct pair p = {.fills = filled};
    struct genome a = {.seed = seed}, b = {.seed = seed, .other = other, .spelling = spelling};
    p.a = schema_sql(&p, &a);
    p.b = schema_sql(&p, &b);
    bool ok = judge(&p, other == 0, filled);
    if (!ok)
        print_error("seed %u, other %u, spelling %u: %s\n", seed, other, spelling, p.problem);
    arena_release(&p.arena);
    return ok;
}

struct seeds {
    unsigned first, count;
};

static void test_seeds(void **state)
{
    const struct seeds *s = *state;
    size_t failed = 0;
    for (unsigned seed = s->first; seed < s->first + s->count; seed++) {
        failed += !check(seed, 0, seed, false);
        failed += !check(seed, seed + 5000, 0, false);
        failed += !check(seed, seed + 6000, seed, true);
    }
    assert_int_equal(failed, 0);
}

int main(int argc, char **argv)
{
    if (argc != 3)
        return 2;
    struct seeds seeds = {(unsigned)strtoul(argv[1], NULL, 10), (unsigned)strtoul(argv[2], NULL, 10)};
    struct CMUnitTest tests[] = {cmocka_unit_test_prestate(test_seeds, &seeds)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
