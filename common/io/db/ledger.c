#include "common/io/db/ledger.h"

#include "skein/base/hash.h"

struct str ledger_row_hash(struct arena *a, const struct ledger_row *row)
{
    struct hasher h;
    hasher_init(&h);
    hasher_field(&h, STR("skein ledger 1"));
    for (int i = 0; i < LEDGER_HASH; i++)
        hasher_field(&h, row->cells[i]);
    struct hash hash = hasher_end(&h);
    struct hash_hex hex = hash_format(&hash);
    return str_copy(a, str_of(hex.text));
}

struct ledger_row ledger_row_from(const struct db_rows *rows, size_t row)
{
    struct ledger_row r;
    for (size_t i = 0; i < LEDGER_COLUMNS; i++)
        r.cells[i] = db_cell(rows, row, i);
    return r;
}

bool ledger_row_follows(const struct ledger_row *row, uint64_t seq, struct str prev)
{
    struct arena a = {0};
    bool ok = str_eq(row->cells[LEDGER_SEQ], str_printf(&a, "%llu", (unsigned long long)seq)) &&
              str_eq(row->cells[LEDGER_PREV_HASH], prev) && str_eq(row->cells[LEDGER_HASH], ledger_row_hash(&a, row));
    arena_release(&a);
    return ok;
}
