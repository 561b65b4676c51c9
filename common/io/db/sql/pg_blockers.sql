-- Who holds what backend $1 waits for.
SELECT string_agg('process ' || a.pid || ' (' || coalesce(nullif(a.application_name, ''), 'unnamed') || ', '
                  || coalesce(a.usename, '?') || ', ' || coalesce(a.state, '?') || '): '
                  || left(regexp_replace(coalesce(a.query, '?'), '\s+', ' ', 'g'), 200), '; ' ORDER BY a.pid)
FROM pg_stat_activity a
WHERE a.pid = ANY (pg_blocking_pids($1::int))
