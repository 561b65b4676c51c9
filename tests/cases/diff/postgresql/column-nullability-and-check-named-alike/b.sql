CREATE TABLE t (a integer NOT NULL, CONSTRAINT t_a_not_null CHECK (a > 0));
