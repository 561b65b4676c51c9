-- Version tables, sorted by bytes.
SELECT name FROM sqlite_master
WHERE type IN ('table', 'view') AND name LIKE 'alembic\_version\_%' ESCAPE '\'
ORDER BY name COLLATE BINARY
