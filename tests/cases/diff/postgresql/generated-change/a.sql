CREATE TABLE t (a integer, g integer GENERATED ALWAYS AS (a + 1) STORED, z integer);
CREATE INDEX i ON t (g);
COMMENT ON COLUMN t.g IS 'c';
