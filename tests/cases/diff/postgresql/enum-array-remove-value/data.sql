INSERT INTO p VALUES (1, '{ok,happy}'), (2, '{}');
