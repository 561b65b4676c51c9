CREATE TABLE t (a timestamptz, b timestamptz, c timestamp);
