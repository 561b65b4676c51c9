-- The coordinator's store, format 1: one table a kind of record (coordinator/core/record.h). Hashes are hex
-- digits, contents are base64, points in time are milliseconds since 1970. Numbers that an agent reports
-- are text: they may be as large as 2^64-1. Nothing is ever deleted.
CREATE TABLE store_format (version INTEGER NOT NULL);
INSERT INTO store_format (version) VALUES (1);

CREATE TABLE meta (
    id INTEGER NOT NULL PRIMARY KEY,
    term TEXT NOT NULL,
    fence TEXT NOT NULL
);

CREATE TABLE principal (
    name TEXT NOT NULL PRIMARY KEY,
    role TEXT NOT NULL,
    status TEXT NOT NULL,
    public_key TEXT NOT NULL,
    configured INTEGER NOT NULL
);

CREATE TABLE target (
    name TEXT NOT NULL PRIMARY KEY,
    agent TEXT NOT NULL,
    engine TEXT NOT NULL,
    identity TEXT NOT NULL,
    labels TEXT NOT NULL,
    modules TEXT NOT NULL,
    gone INTEGER NOT NULL,
    state_known INTEGER NOT NULL,
    state TEXT NOT NULL,
    fence TEXT NOT NULL,
    closed_fence TEXT NOT NULL,
    ledger_seq TEXT NOT NULL,
    ledger_head TEXT NOT NULL,
    condition TEXT NOT NULL,
    problem TEXT NOT NULL
);

-- Revision files and manifests, by their SHA-256.
CREATE TABLE blob (
    hash TEXT NOT NULL PRIMARY KEY,
    bytes TEXT NOT NULL
);

CREATE TABLE bundle (
    number INTEGER NOT NULL PRIMARY KEY,
    manifest TEXT NOT NULL,
    principal TEXT NOT NULL,
    created_ms INTEGER NOT NULL
);

CREATE TABLE plan (
    hash TEXT NOT NULL PRIMARY KEY,
    bundle INTEGER NOT NULL,
    bytes TEXT NOT NULL
);

-- `request` is the ROLLOUT_START message, as it travels.
CREATE TABLE rollout (
    number INTEGER NOT NULL PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    bundle INTEGER NOT NULL,
    request TEXT NOT NULL,
    principal TEXT NOT NULL,
    status TEXT NOT NULL,
    reason TEXT NOT NULL,
    created_ms INTEGER NOT NULL,
    ended_ms INTEGER NOT NULL
);

-- `error` is an ERROR message, as it travels; empty for none.
CREATE TABLE operation (
    rollout INTEGER NOT NULL,
    target TEXT NOT NULL,
    state TEXT NOT NULL,
    end_state TEXT NOT NULL,
    action INTEGER NOT NULL,
    plan TEXT NOT NULL,
    fence TEXT NOT NULL,
    tries INTEGER NOT NULL,
    replans INTEGER NOT NULL,
    sentence TEXT NOT NULL,
    error TEXT NOT NULL,
    updated_ms INTEGER NOT NULL,
    PRIMARY KEY (rollout, target)
);

-- Each row's hash covers the row and the hash before it.
CREATE TABLE audit (
    seq INTEGER NOT NULL PRIMARY KEY,
    time_ms INTEGER NOT NULL,
    principal TEXT NOT NULL,
    action TEXT NOT NULL,
    object TEXT NOT NULL,
    result TEXT NOT NULL,
    hash TEXT NOT NULL
);
