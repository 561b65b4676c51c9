-- Constraints of tables; those that a partition has from its parent come with `parent`. A
-- foreign key to a partitioned table has one more row for each partition: those are left out.
SELECT 'constraint', 'pg_catalog.pg_constraint'::pg_catalog.regclass::pg_catalog.oid, k.oid, 0,
       n.nspname, c.relname, k.conname, 0,
       k.contype,
       pg_catalog.regexp_replace(pg_catalog.pg_get_constraintdef(k.oid, true),
                                 '( DEFERRABLE)?( INITIALLY DEFERRED)?( NOT VALID)?$', ''),
       CASE WHEN k.condeferred THEN 'DEFERRABLE INITIALLY DEFERRED' WHEN k.condeferrable THEN 'DEFERRABLE' END,
       CASE WHEN NOT k.convalidated THEN 'NOT VALID' END,
       (SELECT pg_catalog.string_agg(o, ', ' ORDER BY o) FROM pg_catalog.unnest(i.reloptions) o),
       CASE WHEN k.contype = 'f' THEN k.confrelid::pg_catalog.regclass::text END,
       (SELECT pg_catalog.string_agg(pg_catalog.quote_ident(a.attname), ', ' ORDER BY u.n)
          FROM pg_catalog.unnest(k.conkey) WITH ORDINALITY u (attnum, n)
          JOIN pg_catalog.pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = u.attnum),
       CASE WHEN k.conparentid <> 0 OR (k.coninhcount > 0 AND NOT k.conislocal) THEN 't' END,
       NULLIF(k.coninhcount > 0, false),
       pg_catalog.obj_description(k.oid, 'pg_constraint')
FROM pg_catalog.pg_constraint k
JOIN pg_catalog.pg_class c ON c.oid = k.conrelid
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_catalog.pg_class i ON i.oid = k.conindid AND k.contype IN ('p', 'u', 'x')
WHERE k.contype IN ('p', 'u', 'f', 'c', 'x') AND c.relkind IN ('r', 'p') AND c.relpersistence <> 't'
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_constraint p WHERE p.oid = k.conparentid AND p.conrelid = k.conrelid)
  AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
ORDER BY n.nspname COLLATE "C", c.relname COLLATE "C", k.conname COLLATE "C"
