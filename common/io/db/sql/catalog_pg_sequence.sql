-- Sequences, but not those of identity columns.
SELECT 'sequence', 'pg_catalog.pg_class'::pg_catalog.regclass::pg_catalog.oid, c.oid, 0,
       n.nspname, '', c.relname, 0,
       pg_catalog.format_type(s.seqtypid, NULL), s.seqstart, s.seqincrement, s.seqmin, s.seqmax, s.seqcache, s.seqcycle,
       NULLIF(c.relpersistence, 'p'),
       CASE WHEN wn.nspname <> pg_catalog.current_schema() THEN wn.nspname END, w.relname, a.attname,
       pg_catalog.obj_description(c.oid, 'pg_class')
FROM pg_catalog.pg_sequence s
JOIN pg_catalog.pg_class c ON c.oid = s.seqrelid
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_catalog.pg_depend d ON d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objid = c.oid
      AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.refobjsubid > 0 AND d.deptype IN ('a', 'i')
LEFT JOIN pg_catalog.pg_class w ON w.oid = d.refobjid
LEFT JOIN pg_catalog.pg_namespace wn ON wn.oid = w.relnamespace
LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = w.oid AND a.attnum = d.refobjsubid
WHERE c.relpersistence <> 't' AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
  AND d.deptype IS DISTINCT FROM 'i'
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend e
                   WHERE e.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND e.objid = c.oid AND e.deptype = 'e')
ORDER BY n.nspname COLLATE "C", c.relname COLLATE "C"
