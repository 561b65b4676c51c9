CREATE TABLE t (a integer, b integer, c integer);
COMMENT ON COLUMN t.a IS 'it''s';
COMMENT ON COLUMN t.b IS 'old';
