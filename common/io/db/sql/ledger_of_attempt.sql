-- What became of the steps of attempt $1.
SELECT step, status, plan_hash FROM :"schema".skein_ledger WHERE attempt = $1 ORDER BY seq
