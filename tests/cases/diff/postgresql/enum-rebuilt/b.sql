CREATE TYPE mood AS ENUM ('happy', 'ok'); CREATE TABLE t (m mood DEFAULT 'ok', a mood[]); CREATE INDEX i ON t (m) WHERE m = 'ok'; CREATE VIEW v AS SELECT m FROM t;
