-- The commit's guard: fence $1 (0: none) is neither overtaken nor closed, and the ledger ends where we read it ($2).
UPDATE :"schema".skein_state
SET fence = CASE WHEN CAST($1 AS BIGINT) > fence THEN CAST($1 AS BIGINT) ELSE fence END,
    ledger_seq = $3, ledger_head = $4, pending = $5, incarnation = $6
WHERE id = 1 AND ledger_seq = $2
  AND (CAST($1 AS BIGINT) = 0 OR (fence <= CAST($1 AS BIGINT) AND closed_fence < CAST($1 AS BIGINT)))
