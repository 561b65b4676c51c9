CREATE TABLE t (a bpchar, b varbit, c time(0), d interval, e money);
