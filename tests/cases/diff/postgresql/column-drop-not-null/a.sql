CREATE TABLE t (a integer, n text NOT NULL, m uuid NOT NULL, k numeric(10,2) NOT NULL);
