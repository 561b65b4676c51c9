-- Who holds the migrator's lock $1.
SELECT pg_catalog.string_agg('process ' || a.pid || ' (' || coalesce(nullif(a.application_name, ''), 'unnamed') || ', '
                  || coalesce(a.usename, '?') || ', ' || coalesce(a.state, '?') || ')', '; ' ORDER BY a.pid)
FROM pg_catalog.pg_locks l
JOIN pg_catalog.pg_stat_activity a ON a.pid = l.pid
WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1
  AND l.database = (SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database())
  AND l.classid::bigint = ($1::bigint >> 32) & 4294967295
  AND l.objid::bigint = $1::bigint & 4294967295
