-- False when this session does not hold the lock: somebody pools connections.
SELECT pg_catalog.pg_advisory_unlock($1::bigint)
