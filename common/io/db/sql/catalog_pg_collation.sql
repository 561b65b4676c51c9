-- Collations. Columns that came or were renamed with a version are read by name from the row as JSON.
SELECT 'collation', 'pg_catalog.pg_collation'::pg_catalog.regclass::oid, c.oid, 0,
       NULLIF(n.nspname, pg_catalog.current_schema()), NULL, c.collname, 0,
       CASE c.collprovider WHEN 'i' THEN 'icu' WHEN 'c' THEN 'libc' WHEN 'b' THEN 'builtin' END,
       COALESCE(r.j ->> 'colllocale', r.j ->> 'colliculocale', r.j ->> 'collcollate'),
       r.j ->> 'collcollate', r.j ->> 'collctype', r.j ->> 'collicurules',
       CASE WHEN NOT c.collisdeterministic THEN 'false' END,
       pg_catalog.obj_description(c.oid, 'pg_collation')
FROM pg_catalog.pg_collation c
JOIN pg_catalog.pg_namespace n ON n.oid = c.collnamespace
CROSS JOIN LATERAL (SELECT pg_catalog.to_jsonb(c)) r(j)
WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d
                  WHERE d.classid = 'pg_catalog.pg_collation'::pg_catalog.regclass
                        AND d.objid = c.oid AND d.deptype = 'e')
ORDER BY n.nspname, c.collname
