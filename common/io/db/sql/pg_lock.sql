-- The migrator's lock, held by the session; never waits.
SELECT pg_catalog.pg_try_advisory_lock($1::bigint)
