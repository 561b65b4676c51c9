INSERT INTO p VALUES (1, 'sad'), (2, 'happy');
