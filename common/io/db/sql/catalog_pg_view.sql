-- Views and materialised views. A definition comes without its semicolon.
SELECT CASE c.relkind WHEN 'v' THEN 'view' ELSE 'materialized view' END,
       'pg_catalog.pg_class'::pg_catalog.regclass::oid, c.oid, 0,
       NULLIF(n.nspname, pg_catalog.current_schema()), NULL, c.relname, 0,
       pg_catalog.btrim(pg_catalog.rtrim(pg_catalog.pg_get_viewdef(c.oid, true), ';'), E' \n'),
       (SELECT pg_catalog.string_agg(pg_catalog.concat(
                   a.attname, E'\x1f', pg_catalog.format_type(a.atttypid, a.atttypmod), E'\x1f',
                   NULLIF(a.attcollation, 0)::pg_catalog.regcollation), E'\x1e' ORDER BY a.attnum)
        FROM pg_catalog.pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped),
       pg_catalog.array_to_string(c.reloptions, E'\x1f'),
       (SELECT pg_catalog.string_agg(pg_catalog.concat(a.attname, E'\x1f', pg_catalog.pg_get_expr(f.adbin, f.adrelid)),
                   E'\x1e' ORDER BY a.attnum)
        FROM pg_catalog.pg_attrdef f
        JOIN pg_catalog.pg_attribute a ON a.attrelid = f.adrelid AND a.attnum = f.adnum
        WHERE f.adrelid = c.oid),
       (SELECT pg_catalog.string_agg(pg_catalog.concat(a.attname, E'\x1f', s.description), E'\x1e' ORDER BY a.attnum)
        FROM pg_catalog.pg_description s
        JOIN pg_catalog.pg_attribute a ON a.attrelid = s.objoid AND a.attnum = s.objsubid
        WHERE s.classoid = 'pg_catalog.pg_class'::pg_catalog.regclass AND s.objoid = c.oid AND s.objsubid > 0),
       CASE WHEN m.amname <> 'heap' THEN m.amname END,
       (SELECT s.spcname FROM pg_catalog.pg_tablespace s WHERE s.oid = c.reltablespace),
       CASE WHEN c.relkind = 'm' AND NOT c.relispopulated THEN 'true' END,
       pg_catalog.obj_description(c.oid, 'pg_class')
FROM pg_catalog.pg_class c
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_catalog.pg_am m ON m.oid = c.relam
WHERE c.relkind IN ('v', 'm') AND c.relpersistence <> 't'
  AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d
                  WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objid = c.oid AND d.deptype = 'e')
ORDER BY n.nspname, c.relname
