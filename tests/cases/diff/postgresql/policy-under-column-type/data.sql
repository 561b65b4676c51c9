INSERT INTO users VALUES (1, 'c', 20);
