/* What the ledger tells people: which step waits for an answer, and what was applied. */
#include "common/io/db/job.h"

#include "embed/io_db.h"

bool migrate_find_undecided(struct arena *a, struct db *db, bool *ret_found, struct undecided *ret_step,
                            struct err *err)
{
    const struct names none = {0};
    struct dbstate state;
    struct ledger_state ledger;
    struct db_rows rows = {0};
    if (!migrate_read_state(a, db, &none, &state, &ledger, err))
        return false;
    /* No ledger row: the tables may not be there. */
    if (ledger.seq > 0 && !db_query(db, a, book_bind(a, db, sql_ledger_pending_sql, STR("")), NULL, 0, &rows, err))
        return false;
    if (rows.count > 0) {
        struct ledger_row row = ledger_row_from(&rows, 0);
        struct undecided step = {.module = row.cells[LEDGER_MODULE],
                                 .revision = row.cells[LEDGER_REVISION],
                                 .started = row.cells[LEDGER_FINISHED]};
        if (!direction_parse(row.cells[LEDGER_DIRECTION], &step.direction))
            return err_kind(err, ERR_STATE, "ledger_broken", "skein_ledger has a row with an unknown direction");
        *ret_step = step;
    }
    *ret_found = rows.count > 0;
    return true;
}

bool migrate_read_applied(struct arena *a, struct db *db, struct applied_list *ret_list, struct err *err)
{
    const struct names none = {0};
    struct dbstate state;
    struct ledger_state ledger;
    struct db_rows rows = {0};
    struct applied_list list = {0};
    if (!migrate_read_state(a, db, &none, &state, &ledger, err))
        return false;
    if (ledger.seq > 0 && !db_query(db, a, book_bind(a, db, sql_ledger_applied_sql, STR("")), NULL, 0, &rows, err))
        return false;
    for (size_t i = 0; i < rows.count; i++) {
        struct applied one = {.module = db_cell(&rows, i, 0), .revision = db_cell(&rows, i, 1)};
        if (!hash_parse(db_cell(&rows, i, 2), &one.checksum))
            return err_kind(err, ERR_STATE, "ledger_broken", "skein_ledger has a row without a checksum");
        vec_push(a, &list.items, one);
    }
    *ret_list = list;
    return true;
}
