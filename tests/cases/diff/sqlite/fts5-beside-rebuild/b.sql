CREATE VIRTUAL TABLE docs USING fts5(body);
CREATE TABLE docs_content2 (a TEXT);
