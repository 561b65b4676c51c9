-- Schemas, but for the one that names without a schema mean.
SELECT 'schema', 'pg_catalog.pg_namespace'::pg_catalog.regclass::oid, n.oid, 0, NULL, NULL, n.nspname, 0,
       pg_catalog.obj_description(n.oid, 'pg_namespace')
FROM pg_catalog.pg_namespace n
WHERE n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', pg_catalog.current_schema())
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d
                  WHERE d.classid = 'pg_catalog.pg_namespace'::pg_catalog.regclass
                        AND d.objid = n.oid AND d.deptype = 'e')
ORDER BY n.nspname
