-- Every revision that was brought up, and with which content; later rows count.
SELECT module, revision, checksum FROM :"schema".skein_ledger
WHERE direction = 'up' AND status = 'DONE' ORDER BY seq
