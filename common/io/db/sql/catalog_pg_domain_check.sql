-- Checks of domains (PostgreSQL 17's NOT NULL constraints of domains are a property of the domain).
SELECT 'constraint', 'pg_catalog.pg_constraint'::pg_catalog.regclass::oid, c.oid, 0,
       NULLIF(n.nspname, pg_catalog.current_schema()), t.typname, c.conname, 0,
       'true', c.contype,
       pg_catalog.regexp_replace(pg_catalog.pg_get_constraintdef(c.oid, true), ' NOT VALID$', ''),
       CASE WHEN NOT c.convalidated THEN 'NOT VALID' END,
       pg_catalog.obj_description(c.oid, 'pg_constraint')
FROM pg_catalog.pg_constraint c
JOIN pg_catalog.pg_type t ON t.oid = c.contypid
JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
WHERE c.contype = 'c' AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d
                  WHERE d.classid = 'pg_catalog.pg_type'::pg_catalog.regclass AND d.objid = t.oid AND d.deptype = 'e')
ORDER BY n.nspname, t.typname, c.conname
