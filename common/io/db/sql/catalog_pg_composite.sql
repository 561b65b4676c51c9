-- Composite types that are no table's row type: name, type, collation and comment of each attribute.
SELECT 'composite', 'pg_catalog.pg_type'::pg_catalog.regclass::oid, t.oid, 0,
       NULLIF(n.nspname, pg_catalog.current_schema()), NULL, t.typname, 0,
       (SELECT pg_catalog.string_agg(pg_catalog.concat(
                   a.attname, E'\x1f', pg_catalog.format_type(a.atttypid, a.atttypmod), E'\x1f',
                   CASE WHEN a.attcollation <> y.typcollation THEN a.attcollation::pg_catalog.regcollation END, E'\x1f',
                   pg_catalog.col_description(a.attrelid, a.attnum)), E'\x1e' ORDER BY a.attnum)
        FROM pg_catalog.pg_attribute a
        JOIN pg_catalog.pg_type y ON y.oid = a.atttypid
        WHERE a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped),
       pg_catalog.obj_description(t.oid, 'pg_type')
FROM pg_catalog.pg_type t
JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
JOIN pg_catalog.pg_class c ON c.oid = t.typrelid AND c.relkind = 'c'
WHERE t.typtype = 'c' AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d
                  WHERE d.classid = 'pg_catalog.pg_type'::pg_catalog.regclass AND d.objid = t.oid AND d.deptype = 'e')
ORDER BY n.nspname, t.typname
