-- This very schema of this very database of this very cluster.
SELECT s.system_identifier || '/' || d.oid || '/' || n.oid
FROM pg_catalog.pg_control_system() s, pg_catalog.pg_database d, pg_catalog.pg_namespace n
WHERE d.datname = pg_catalog.current_database() AND n.nspname = $1::text
