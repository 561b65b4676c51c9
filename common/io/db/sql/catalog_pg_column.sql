-- Columns of tables. `base` is the type below domains, without its modifier; options leave out the counter
-- that some builds of the server keep there.
SELECT 'column', 'pg_catalog.pg_class'::pg_catalog.regclass::pg_catalog.oid, c.oid, a.attnum,
       n.nspname, c.relname, a.attname,
       pg_catalog.row_number() OVER (PARTITION BY c.oid ORDER BY a.attnum),
       pg_catalog.format_type(a.atttypid, a.atttypmod),
       pg_catalog.format_type(COALESCE(NULLIF(t.typbasetype, 0), t.oid), NULL), t.typtype,
       NULLIF(a.attnotnull, false),
       CASE WHEN a.attgenerated = '' THEN pg_catalog.pg_get_expr(d.adbin, d.adrelid, true) END,
       CASE WHEN a.attgenerated <> '' THEN pg_catalog.pg_get_expr(d.adbin, d.adrelid, true) END,
       NULLIF(a.attgenerated, ''),
       CASE a.attidentity WHEN 'a' THEN 'ALWAYS' WHEN 'd' THEN 'BY DEFAULT' END,
       pg_catalog.format_type(s.seqtypid, NULL), s.seqstart, s.seqincrement, s.seqmin, s.seqmax, s.seqcache, s.seqcycle,
       CASE WHEN s.seqrelid IS NOT NULL THEN (SELECT q.relname FROM pg_catalog.pg_class q WHERE q.oid = s.seqrelid) END,
       CASE WHEN a.attcollation <> t.typcollation THEN a.attcollation::pg_catalog.regcollation::text END,
       CASE WHEN a.attstorage <> t.typstorage THEN
         CASE a.attstorage WHEN 'p' THEN 'PLAIN' WHEN 'e' THEN 'EXTERNAL' WHEN 'm' THEN 'MAIN' ELSE 'EXTENDED' END END,
       CASE t.typstorage WHEN 'p' THEN 'PLAIN' WHEN 'e' THEN 'EXTERNAL' WHEN 'm' THEN 'MAIN' ELSE 'EXTENDED' END,
       CASE a.attcompression WHEN 'p' THEN 'pglz' WHEN 'l' THEN 'lz4' END,
       CASE WHEN a.attstattarget >= 0 THEN a.attstattarget END,
       (SELECT pg_catalog.string_agg(o, ', ' ORDER BY o) FROM pg_catalog.unnest(a.attoptions) o
         WHERE o NOT LIKE 'pg\_attver=%'),
       pg_catalog.col_description(c.oid, a.attnum),
       NULLIF(a.attinhcount > 0, false), NULLIF(a.attislocal, false)
FROM pg_catalog.pg_attribute a
JOIN pg_catalog.pg_class c ON c.oid = a.attrelid
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
LEFT JOIN pg_catalog.pg_depend i ON i.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass AND i.refobjid = c.oid
      AND i.refobjsubid = a.attnum AND i.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND i.deptype = 'i'
      AND a.attidentity <> ''
LEFT JOIN pg_catalog.pg_sequence s ON s.seqrelid = i.objid
WHERE c.relkind IN ('r', 'p') AND c.relpersistence <> 't' AND a.attnum > 0 AND NOT a.attisdropped
  AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
ORDER BY n.nspname COLLATE "C", c.relname COLLATE "C", a.attnum
