INSERT INTO t VALUES (1, 'words here');
