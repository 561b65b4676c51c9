CREATE TABLE t (a INT, b INT, c INT, PRIMARY KEY (b, a, c));
