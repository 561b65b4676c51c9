CREATE TABLE t (a INT, b INT, CHECK (t.a > 0));
CREATE INDEX i ON t (a) WHERE t.a > 5;
