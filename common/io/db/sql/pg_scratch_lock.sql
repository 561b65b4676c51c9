-- Says that the scratch database of this name is in use, for as long as the session lives.
SELECT pg_catalog.pg_try_advisory_lock(pg_catalog.hashtextextended($1::text COLLATE "C", 0))
