CREATE TABLE t (a text COLLATE "C", b int, c int GENERATED ALWAYS AS (b * 2) STORED);
