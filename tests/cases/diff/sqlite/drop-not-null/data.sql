INSERT INTO t VALUES (1, 'x', 5, x'01'), (2, 'y', 6, x'02');
