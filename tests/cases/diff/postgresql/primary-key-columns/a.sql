CREATE TABLE t (a integer PRIMARY KEY, b integer NOT NULL);
CREATE TABLE q (a integer REFERENCES t);
