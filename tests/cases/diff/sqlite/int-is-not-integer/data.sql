INSERT INTO t VALUES (3, 'x'), (1, 'y');
