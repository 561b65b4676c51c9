-- Fails with a division by zero when the transaction is not the one that we began: a script ended it.
SELECT 1 OPERATOR(pg_catalog./) (pg_catalog.pg_current_xact_id()::pg_catalog.text OPERATOR(pg_catalog.=) $1::pg_catalog.text)::pg_catalog.int4
