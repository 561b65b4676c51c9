CREATE TABLE t (a integer, b integer, CONSTRAINT new_pk PRIMARY KEY (a), CONSTRAINT new_u UNIQUE (b), CONSTRAINT new_c CHECK (b > 0));
CREATE INDEX new_i ON t (b, a);
