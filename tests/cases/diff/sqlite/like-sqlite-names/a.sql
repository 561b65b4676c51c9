CREATE TABLE sqliteish (a INT);
CREATE TABLE alembicversion (a INT);
