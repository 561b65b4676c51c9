INSERT INTO t (_rowid_, rowid, a) VALUES (10, 'x', 1), (20, 'y', 3);
