CREATE TABLE t (a int, b text, c int); CREATE INDEX i ON t (b); CREATE UNIQUE INDEX u ON t (a);
