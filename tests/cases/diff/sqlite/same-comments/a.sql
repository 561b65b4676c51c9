CREATE TABLE t (a INTEGER, -- the first
 b TEXT /* the second, with a ) */);
