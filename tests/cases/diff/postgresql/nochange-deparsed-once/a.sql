CREATE TABLE t (id integer PRIMARY KEY, s varchar(10) , CONSTRAINT t_s CHECK (s IN ('a', 'b')));
CREATE INDEX t_i ON t (id) WHERE s IN ('a', 'b');
CREATE POLICY p ON t USING (s IN ('a', 'b'));
CREATE VIEW v AS SELECT id FROM t WHERE s IN ('a', 'b');
