-- The start that waits for its end.
SELECT seq, attempt, step, module, revision, direction, status, fence, plan_hash, script_hash, checksum,
    checksum_algorithm, principal, heads_before, heads_after, finished, prev_hash, hash
FROM :"schema".skein_ledger WHERE seq = (SELECT pending FROM :"schema".skein_state WHERE id = 1)
