-- Extensions: where they lie, their version, the server's default one, and the versions that an update can reach.
SELECT 'extension', 'pg_catalog.pg_extension'::pg_catalog.regclass::oid, e.oid, 0, NULL, NULL, e.extname, 0,
       n.nspname, CASE n.nspname WHEN pg_catalog.current_schema() THEN 'true' END, e.extversion, a.default_version,
       CASE WHEN e.extrelocatable THEN 'true' END,
       (SELECT pg_catalog.string_agg(p.target, E'\x1f' ORDER BY p.target)
        FROM pg_catalog.pg_extension_update_paths(e.extname) p
        WHERE p.source = e.extversion AND p.path IS NOT NULL),
       NULLIF(pg_catalog.obj_description(e.oid, 'pg_extension'), a.comment)
FROM pg_catalog.pg_extension e
JOIN pg_catalog.pg_namespace n ON n.oid = e.extnamespace
LEFT JOIN pg_catalog.pg_available_extensions a ON a.name = e.extname
WHERE e.extname <> 'plpgsql'
ORDER BY e.extname
