INSERT INTO users VALUES (1, 'ada'), (2, 'it''s'), (7, '');
