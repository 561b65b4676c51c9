INSERT INTO t VALUES (1, 5, 'a', 1.5), (2, 6, 'b', NULL);
