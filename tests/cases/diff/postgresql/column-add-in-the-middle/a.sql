CREATE TABLE t (a integer, z integer);
