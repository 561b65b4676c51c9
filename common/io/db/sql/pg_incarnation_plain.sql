-- As pg_incarnation.sql, where the role may not ask for the cluster's identifier.
SELECT '?/' || d.oid || '/' || n.oid
FROM pg_catalog.pg_database d, pg_catalog.pg_namespace n
WHERE d.datname = pg_catalog.current_database() AND n.nspname = $1::text
