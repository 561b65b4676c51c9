-- Scratch databases whose session is gone: nobody holds their lock. Locks of all databases are listed.
SELECT d.datname::text
FROM pg_catalog.pg_database d
WHERE d.datname::text COLLATE "C" ~ '^skein_scratch_[0-9a-f]{24}$'
  AND pg_catalog.pg_has_role(d.datdba, 'USAGE')
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_locks l
                  WHERE l.locktype = 'advisory' AND l.objsubid = 1
                    AND ((l.classid::bigint << 32) | l.objid::bigint)
                        = pg_catalog.hashtextextended(d.datname::text COLLATE "C", 0))
