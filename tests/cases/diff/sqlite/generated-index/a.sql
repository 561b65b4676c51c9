CREATE TABLE t (a INT, b INT AS (a + 1));
CREATE INDEX i ON t (b);
