CREATE TABLE t (a integer, b integer);
CREATE INDEX i ON t (b);
CREATE INDEX j ON t (a);
