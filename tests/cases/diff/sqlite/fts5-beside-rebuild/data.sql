INSERT INTO docs (body) VALUES ('b');
INSERT INTO docs_content2 VALUES (1);
