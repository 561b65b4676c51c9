-- Row-level security policies. Roles are quoted; PUBLIC is role 0.
SELECT 'policy', 'pg_catalog.pg_policy'::pg_catalog.regclass::oid, p.oid, 0,
       NULLIF(n.nspname, pg_catalog.current_schema()), c.relname, p.polname, 0,
       CASE p.polcmd WHEN 'r' THEN 'SELECT' WHEN 'a' THEN 'INSERT' WHEN 'w' THEN 'UPDATE' WHEN 'd' THEN 'DELETE'
            ELSE 'ALL' END,
       CASE WHEN NOT p.polpermissive THEN 'true' END,
       (SELECT pg_catalog.string_agg(CASE o WHEN 0 THEN 'PUBLIC'
                   ELSE pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(o)) END, ', '
                   ORDER BY CASE o WHEN 0 THEN '' ELSE pg_catalog.pg_get_userbyid(o) END)
        FROM pg_catalog.unnest(p.polroles) o),
       pg_catalog.pg_get_expr(p.polqual, p.polrelid, true),
       pg_catalog.pg_get_expr(p.polwithcheck, p.polrelid, true),
       pg_catalog.obj_description(p.oid, 'pg_policy')
FROM pg_catalog.pg_policy p
JOIN pg_catalog.pg_class c ON c.oid = p.polrelid
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d
                  WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objid = c.oid AND d.deptype = 'e')
ORDER BY n.nspname, c.relname, p.polname
