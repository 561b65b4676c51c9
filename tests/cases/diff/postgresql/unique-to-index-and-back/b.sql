CREATE TABLE t (a integer, b integer, CONSTRAINT ub UNIQUE (b));
CREATE UNIQUE INDEX ua ON t (a);
