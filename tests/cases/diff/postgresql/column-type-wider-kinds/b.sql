CREATE TABLE t (a char(5), b bit(4), c timetz, d interval day to second, e numeric);
