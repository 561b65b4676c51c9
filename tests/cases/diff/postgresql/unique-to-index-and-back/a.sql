CREATE TABLE t (a integer, b integer, CONSTRAINT ua UNIQUE (a));
CREATE UNIQUE INDEX ub ON t (b);
