-- Extended statistics. All kinds (or an expression alone, which has none to choose) is what is left unsaid.
SELECT 'statistics', 'pg_catalog.pg_statistic_ext'::pg_catalog.regclass::oid, s.oid, 0,
       NULLIF(n.nspname, pg_catalog.current_schema()), NULL, s.stxname, 0,
       CASE WHEN NOT s.stxkind @> '{d,f,m}' AND s.stxkind <> '{e}' THEN
           (SELECT pg_catalog.string_agg(CASE k WHEN 'd' THEN 'ndistinct' WHEN 'f' THEN 'dependencies'
                                                WHEN 'm' THEN 'mcv' END, ', ' ORDER BY k)
            FROM pg_catalog.unnest(s.stxkind) k WHERE k <> 'e') END,
       pg_catalog.pg_get_statisticsobjdef_columns(s.oid), s.stxrelid::pg_catalog.regclass::text,
       NULLIF(s.stxstattarget, -1),
       pg_catalog.obj_description(s.oid, 'pg_statistic_ext')
FROM pg_catalog.pg_statistic_ext s
JOIN pg_catalog.pg_namespace n ON n.oid = s.stxnamespace
WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d
                  WHERE d.classid = 'pg_catalog.pg_statistic_ext'::pg_catalog.regclass
                        AND d.objid = s.oid AND d.deptype = 'e')
ORDER BY n.nspname, s.stxname
