CREATE TABLE t (a INT, b TEXT, CHECK (t.a > 0));
CREATE INDEX i ON t (a) WHERE t.a > 5;
