INSERT INTO t (rowid, a, b) VALUES (5, 'x', 1), (9, 'y', 2); DELETE FROM t WHERE rowid = 5;
