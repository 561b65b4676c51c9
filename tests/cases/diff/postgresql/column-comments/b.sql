CREATE TABLE t (a integer, b integer, c integer);
COMMENT ON COLUMN t.b IS 'new';
COMMENT ON COLUMN t.c IS 'line
line';
COMMENT ON TABLE t IS 'table';
