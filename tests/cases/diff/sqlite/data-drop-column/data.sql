INSERT INTO users VALUES (1, 'ada', 'x', 36), (2, NULL, NULL, NULL);
