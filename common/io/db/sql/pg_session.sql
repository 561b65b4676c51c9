-- Who answers, and where: backend, standby, database, schema ($1, or the first of the search path), search path.
SELECT pg_catalog.pg_backend_pid(),
       pg_catalog.pg_is_in_recovery(),
       pg_catalog.current_database(),
       CASE WHEN $1::text IS NULL THEN pg_catalog.current_schema()::text
            ELSE (SELECT n.nspname::text FROM pg_catalog.pg_namespace n WHERE n.nspname OPERATOR(pg_catalog.=) $1::text)
       END,
       pg_catalog.current_setting('search_path')
