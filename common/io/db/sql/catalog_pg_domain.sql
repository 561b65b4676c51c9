-- Domains; their checks are constraints of their own (catalog_pg_domain_check.sql).
SELECT 'domain', 'pg_catalog.pg_type'::pg_catalog.regclass::oid, t.oid, 0,
       NULLIF(n.nspname, pg_catalog.current_schema()), NULL, t.typname, 0,
       pg_catalog.format_type(t.typbasetype, t.typtypmod),
       CASE WHEN t.typcollation <> b.typcollation THEN t.typcollation::pg_catalog.regcollation END,
       t.typdefault,
       CASE WHEN t.typnotnull THEN 'true' END,
       pg_catalog.obj_description(t.oid, 'pg_type')
FROM pg_catalog.pg_type t
JOIN pg_catalog.pg_type b ON b.oid = t.typbasetype
JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
WHERE t.typtype = 'd' AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d
                  WHERE d.classid = 'pg_catalog.pg_type'::pg_catalog.regclass AND d.objid = t.oid AND d.deptype = 'e')
ORDER BY n.nspname, t.typname
