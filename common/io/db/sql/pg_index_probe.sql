-- Index $1: valid, there but of no use, or not there.
SELECT CASE WHEN pg_catalog.to_regclass($1) IS NULL THEN 'none'
            WHEN (SELECT i.indisvalid AND i.indisready FROM pg_catalog.pg_index i
                  WHERE i.indexrelid = pg_catalog.to_regclass($1)) THEN 'done'
            ELSE 'partial' END
