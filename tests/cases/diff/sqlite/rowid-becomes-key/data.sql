INSERT INTO t (rowid, a) VALUES (10, 'x'), (20, 'y');
