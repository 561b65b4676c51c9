-- A stray Alembic process waits at its UPDATE and then fails its own check; readers are not disturbed.
LOCK TABLE :"schema".:"version_table" IN SHARE ROW EXCLUSIVE MODE
