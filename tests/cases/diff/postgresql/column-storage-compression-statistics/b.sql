CREATE TABLE t (a text, b text, c integer);
ALTER TABLE t ALTER b SET STORAGE MAIN;
ALTER TABLE t ALTER c SET (n_distinct = 7, n_distinct_inherited = 3);
