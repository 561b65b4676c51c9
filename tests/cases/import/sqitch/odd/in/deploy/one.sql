\set ON_ERROR_STOP on
\echo 'hi'
BEGIN;
CREATE TABLE one (a text DEFAULT ':x', b int[]);
SELECT b[1:2], a::text FROM one;
COMMIT;
