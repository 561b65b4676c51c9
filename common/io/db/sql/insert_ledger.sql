INSERT INTO :"schema".skein_ledger
    (seq, attempt, step, module, revision, direction, status, fence, plan_hash, script_hash, checksum,
    checksum_algorithm, principal, heads_before, heads_after, finished, prev_hash, hash)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)
