INSERT INTO p VALUES (1, 'ok'), (2, 'happy');
