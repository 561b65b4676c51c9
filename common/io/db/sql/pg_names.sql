-- What the users of this database made: class, schema ('' for the one in $1), name. Relations and types share names.
WITH s AS (
    SELECT oid, CASE WHEN nspname = $1::text THEN '' ELSE nspname::text END AS schema, nspname::text AS name
    FROM pg_catalog.pg_namespace WHERE nspname !~ '^pg_' AND nspname <> 'information_schema'
)
SELECT 'table', s.schema, c.relname::text
FROM pg_catalog.pg_class c JOIN s ON s.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p', 'v', 'm', 'S', 'f', 'c')
UNION ALL
SELECT 'table', s.schema, t.typname::text
FROM pg_catalog.pg_type t JOIN s ON s.oid = t.typnamespace
WHERE t.typtype IN ('e', 'd', 'r')
UNION ALL
SELECT DISTINCT 'function', s.schema, p.proname::text
FROM pg_catalog.pg_proc p JOIN s ON s.oid = p.pronamespace
UNION ALL
SELECT 'collation', s.schema, c.collname::text FROM pg_catalog.pg_collation c JOIN s ON s.oid = c.collnamespace
UNION ALL
SELECT 'statistics', s.schema, x.stxname::text FROM pg_catalog.pg_statistic_ext x JOIN s ON s.oid = x.stxnamespace
UNION ALL
SELECT 'schema', '', s.name FROM s WHERE s.schema <> ''
UNION ALL
SELECT 'extension', '', e.extname::text FROM pg_catalog.pg_extension e
