INSERT INTO t (rowid, a, b) VALUES (10, 'x', 1), (20, 'y', 2), (30, 'z', 3);
DELETE FROM t WHERE rowid = 20;
