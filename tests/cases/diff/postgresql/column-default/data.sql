INSERT INTO t (b) VALUES ('z');
