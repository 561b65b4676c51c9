INSERT INTO t VALUES (7, 'a'), (3, 'b');
