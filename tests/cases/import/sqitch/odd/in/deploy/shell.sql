BEGIN;
\i other.sql
COMMIT;
