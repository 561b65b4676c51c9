/* One row of skein_ledger, as the text cells that go into the database and into its hash. */
#pragma once

#include "skein/db/db.h"
#include "skein/plan/admit.h"

/* In the order of the table's columns, which is the order of the hash for ever. */
enum ledger_column {
    LEDGER_SEQ,
    LEDGER_ATTEMPT,
    LEDGER_STEP,
    LEDGER_MODULE,
    LEDGER_REVISION,
    LEDGER_DIRECTION,
    LEDGER_STATUS,
    LEDGER_FENCE,
    LEDGER_PLAN_HASH,
    LEDGER_SCRIPT_HASH,
    LEDGER_CHECKSUM,
    LEDGER_CHECKSUM_ALGORITHM,
    LEDGER_PRINCIPAL,
    LEDGER_HEADS_BEFORE,
    LEDGER_HEADS_AFTER,
    LEDGER_FINISHED,
    LEDGER_PREV_HASH,
    LEDGER_HASH,
    LEDGER_COLUMNS
};

struct ledger_row {
    struct str cells[LEDGER_COLUMNS];
};

/* SHA-256 over all cells before LEDGER_HASH, as hex. */
struct str ledger_row_hash(struct arena *a, const struct ledger_row *row);

struct ledger_row ledger_row_from(const struct db_rows *rows, size_t row);

/* True when the row's own hash is right and `prev` is what it says came before. */
bool ledger_row_follows(const struct ledger_row *row, uint64_t seq, struct str prev);
