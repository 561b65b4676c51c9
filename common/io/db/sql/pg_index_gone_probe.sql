-- Index $1: gone, or still there.
SELECT CASE WHEN pg_catalog.to_regclass($1) IS NULL THEN 'done' ELSE 'none' END
