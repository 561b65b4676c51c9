-- One row: who this target is, which attempts may still commit, where the ledger ends.
CREATE TABLE IF NOT EXISTS :"schema".skein_state (
    id INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    format INTEGER NOT NULL,
    identity VARCHAR(64) NOT NULL,
    incarnation VARCHAR(255) NOT NULL,
    fence BIGINT NOT NULL,
    closed_fence BIGINT NOT NULL,
    ledger_seq BIGINT NOT NULL,
    ledger_head VARCHAR(64) NOT NULL,
    pending BIGINT NOT NULL
)
