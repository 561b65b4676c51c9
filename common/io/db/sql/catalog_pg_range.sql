-- Ranges; what is PostgreSQL's default for the subtype is left out.
SELECT 'range', 'pg_catalog.pg_type'::pg_catalog.regclass::oid, t.oid, 0,
       NULLIF(n.nspname, pg_catalog.current_schema()), NULL, t.typname, 0,
       pg_catalog.format_type(r.rngsubtype, NULL),
       CASE WHEN NOT o.opcdefault THEN
            CASE WHEN pg_catalog.pg_opclass_is_visible(o.oid) THEN pg_catalog.quote_ident(o.opcname)
                 ELSE pg_catalog.format('%I.%I', os.nspname, o.opcname) END END,
       CASE WHEN r.rngcollation <> s.typcollation THEN r.rngcollation::pg_catalog.regcollation END,
       CASE WHEN r.rngcanonical <> 0 THEN r.rngcanonical::pg_catalog.regproc::text END,
       CASE WHEN r.rngsubdiff <> 0 THEN r.rngsubdiff::pg_catalog.regproc::text END,
       m.typname, NULLIF(mn.nspname, pg_catalog.current_schema()),
       pg_catalog.obj_description(t.oid, 'pg_type')
FROM pg_catalog.pg_range r
JOIN pg_catalog.pg_type t ON t.oid = r.rngtypid
JOIN pg_catalog.pg_type s ON s.oid = r.rngsubtype
JOIN pg_catalog.pg_type m ON m.oid = r.rngmultitypid
JOIN pg_catalog.pg_namespace mn ON mn.oid = m.typnamespace
JOIN pg_catalog.pg_opclass o ON o.oid = r.rngsubopc
JOIN pg_catalog.pg_namespace os ON os.oid = o.opcnamespace
JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d
                  WHERE d.classid = 'pg_catalog.pg_type'::pg_catalog.regclass AND d.objid = t.oid AND d.deptype = 'e')
ORDER BY n.nspname, t.typname
