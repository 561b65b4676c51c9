INSERT INTO docs (rowid, title, body) VALUES (3, 'a', 'b'), (7, 'c', 'd');
INSERT INTO k VALUES (1);
