-- Under a row lock: every other attempt waits here or comes after.
SELECT identity, incarnation, fence, closed_fence, ledger_seq, ledger_head, pending, format
FROM :"schema".skein_state WHERE id = 1 FOR UPDATE
