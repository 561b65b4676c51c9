CREATE TABLE t (a int, who text);
