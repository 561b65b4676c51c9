CREATE TABLE t (a integer, b integer, CONSTRAINT old_pk PRIMARY KEY (a), CONSTRAINT old_u UNIQUE (b), CONSTRAINT old_c CHECK (b > 0));
CREATE INDEX old_i ON t (b, a);
