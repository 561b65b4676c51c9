INSERT INTO p (id, m, ms, g) VALUES (1, 'ok', '{ok,happy}', 'happy'), (11, 'sad', NULL, NULL);
