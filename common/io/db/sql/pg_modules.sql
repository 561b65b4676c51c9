-- Version tables in schema $1, by DESIGN's names; sorted by bytes.
SELECT c.relname::text COLLATE "C"
FROM pg_catalog.pg_class c
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = $1::text AND c.relkind IN ('r', 'p', 'v') AND c.relname LIKE 'alembic\_version\_%'
ORDER BY 1
