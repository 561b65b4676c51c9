CREATE TABLE t (a text[], b bigint[]);
