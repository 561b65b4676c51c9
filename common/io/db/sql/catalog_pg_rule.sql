-- Rules, but for those that make a view.
SELECT 'rule', 'pg_catalog.pg_rewrite'::pg_catalog.regclass::oid, r.oid, 0,
       NULLIF(n.nspname, pg_catalog.current_schema()), c.relname, r.rulename, 0,
       pg_catalog.btrim(pg_catalog.rtrim(pg_catalog.pg_get_ruledef(r.oid, true), ';'), E' \n'),
       CASE r.ev_enabled WHEN 'D' THEN 'DISABLE' WHEN 'R' THEN 'ENABLE REPLICA' WHEN 'A' THEN 'ENABLE ALWAYS' END,
       pg_catalog.obj_description(r.oid, 'pg_rewrite')
FROM pg_catalog.pg_rewrite r
JOIN pg_catalog.pg_class c ON c.oid = r.ev_class
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE r.rulename <> '_RETURN' AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d
                  WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objid = c.oid AND d.deptype = 'e')
ORDER BY n.nspname, c.relname, r.rulename
