INSERT INTO t (id, v) VALUES (5, 'a'), (100, 'b');
DELETE FROM t WHERE id = 100;
