-- Indexes that are not those of constraints, of tables and materialized views. The definition begins behind USING.
SELECT 'index', 'pg_catalog.pg_class'::pg_catalog.regclass::pg_catalog.oid, i.oid, 0,
       n.nspname, c.relname, i.relname, 0,
       NULLIF(x.indisunique, false),
       pg_catalog.substr(pg_catalog.pg_get_indexdef(i.oid, 0, true), pg_catalog.length(pg_catalog.format(
         'CREATE %sINDEX %I ON %s%s USING ', CASE WHEN x.indisunique THEN 'UNIQUE ' ELSE '' END, i.relname,
         CASE WHEN i.relkind = 'I' AND NOT EXISTS (SELECT FROM pg_catalog.pg_inherits h WHERE h.inhrelid = i.oid)
                   AND pg_catalog.pg_get_indexdef(i.oid, 0, true) LIKE pg_catalog.format('CREATE %sINDEX %I ON ONLY %%',
                     CASE WHEN x.indisunique THEN 'UNIQUE ' ELSE '' END, i.relname) THEN 'ONLY ' ELSE '' END,
         c.oid::pg_catalog.regclass::text)) + 1),
       CASE WHEN i.relispartition THEN 't' END,
       CASE WHEN x.indexprs IS NOT NULL OR x.indpred IS NOT NULL THEN 't' END,
       (SELECT pg_catalog.string_agg(a.attnum || ' ' || a.attstattarget, ', ' ORDER BY a.attnum)
          FROM pg_catalog.pg_attribute a WHERE a.attrelid = i.oid AND a.attstattarget >= 0),
       pg_catalog.obj_description(i.oid, 'pg_class')
FROM pg_catalog.pg_index x
JOIN pg_catalog.pg_class i ON i.oid = x.indexrelid
JOIN pg_catalog.pg_class c ON c.oid = x.indrelid
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p', 'm') AND c.relpersistence <> 't'
  AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_constraint k WHERE k.conindid = i.oid AND k.contype IN ('p', 'u', 'x'))
ORDER BY n.nspname COLLATE "C", c.relname COLLATE "C", i.relname COLLATE "C"
