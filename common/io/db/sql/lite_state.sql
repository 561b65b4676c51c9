SELECT identity, incarnation, fence, closed_fence, ledger_seq, ledger_head, pending, format
FROM :"schema".skein_state WHERE id = 1
