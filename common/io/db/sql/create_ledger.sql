-- One row per step and what became of it; append-only, each row holds the hash of the one before.
CREATE TABLE IF NOT EXISTS :"schema".skein_ledger (
    seq BIGINT NOT NULL PRIMARY KEY,
    attempt VARCHAR(128) NOT NULL,
    step BIGINT NOT NULL,
    module VARCHAR(64) NOT NULL,
    revision VARCHAR(32) NOT NULL,
    direction VARCHAR(8) NOT NULL,
    status VARCHAR(8) NOT NULL,
    fence BIGINT NOT NULL,
    plan_hash VARCHAR(64) NOT NULL,
    script_hash VARCHAR(64) NOT NULL,
    checksum VARCHAR(64) NOT NULL,
    checksum_algorithm VARCHAR(32) NOT NULL,
    principal VARCHAR(255) NOT NULL,
    heads_before TEXT NOT NULL,
    heads_after TEXT NOT NULL,
    finished VARCHAR(32) NOT NULL,
    prev_hash VARCHAR(64) NOT NULL,
    hash VARCHAR(64) NOT NULL
)
