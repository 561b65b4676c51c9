CREATE TABLE t (a integer, b integer UNIQUE, c integer CHECK (c > 0));
CREATE INDEX i ON t (a, b);
COMMENT ON COLUMN t.b IS 'gone';
