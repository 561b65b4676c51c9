INSERT INTO t VALUES (1, 'x'), (2, 5), (3, x'00');
