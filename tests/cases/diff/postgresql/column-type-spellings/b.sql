CREATE TABLE t (a integer, b character varying, c numeric(5,0), d double precision, e boolean, f timestamp, g integer[], h character(1), i bpchar, j bit(3), k varbit);
