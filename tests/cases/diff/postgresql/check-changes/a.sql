CREATE TABLE t (a integer, s varchar(10), CONSTRAINT c1 CHECK (a > 0), CONSTRAINT c2 CHECK (s IN ('a', 'b')), CHECK (a < 100));
