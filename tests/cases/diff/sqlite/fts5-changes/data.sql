INSERT INTO docs (rowid, title, body) VALUES (3, 'a', 'b'), (7, 'c', 'd');
