INSERT INTO t VALUES (5, 'a'), (9, 'b');
