CREATE VIRTUAL TABLE "docs" USING FTS5 (title, body, tokenize='porter ascii');
