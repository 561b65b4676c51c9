-- A target seen for the first time: identity $1, incarnation $2.
INSERT INTO :"schema".skein_state
    (id, format, identity, incarnation, fence, closed_fence, ledger_seq, ledger_head, pending)
VALUES (1, 1, $1, $2, 0, 0, 0, '', 0)
ON CONFLICT (id) DO NOTHING
