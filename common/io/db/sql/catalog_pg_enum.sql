-- Enums with their labels in order, kept apart by the unit separator.
SELECT 'enum', 'pg_catalog.pg_type'::pg_catalog.regclass::oid, t.oid, 0,
       NULLIF(n.nspname, pg_catalog.current_schema()), NULL, t.typname, 0,
       (SELECT pg_catalog.string_agg(e.enumlabel, E'\x1f' ORDER BY e.enumsortorder)
        FROM pg_catalog.pg_enum e WHERE e.enumtypid = t.oid),
       pg_catalog.obj_description(t.oid, 'pg_type')
FROM pg_catalog.pg_type t
JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
WHERE t.typtype = 'e' AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d
                  WHERE d.classid = 'pg_catalog.pg_type'::pg_catalog.regclass AND d.objid = t.oid AND d.deptype = 'e')
ORDER BY n.nspname, t.typname
