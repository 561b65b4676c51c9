CREATE TABLE sqliteish (a INT, b INT);
CREATE TABLE alembicversion (a TEXT);
