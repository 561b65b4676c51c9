CREATE TABLE t (s varchar(5) CONSTRAINT s_in CHECK (s IN ('a', 'b')), n int); CREATE INDEX i ON t (n) WHERE s IN ('a', 'b'); CREATE VIEW v AS SELECT n FROM t WHERE s IN ('a', 'b');
