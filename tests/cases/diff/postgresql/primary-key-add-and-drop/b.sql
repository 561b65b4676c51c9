CREATE TABLE t (a integer, b integer);
CREATE TABLE u (a integer, b integer, CONSTRAINT u_key PRIMARY KEY (a, b));
