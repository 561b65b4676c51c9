CREATE TABLE t (a integer CHECK (a > 0), s varchar(10) CHECK (s IN ('a','b')), d text DEFAULT 'x'::text);
CREATE INDEX i ON t (a) WHERE s = 'a';
