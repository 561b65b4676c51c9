CREATE TABLE t (a integer UNIQUE, b integer PRIMARY KEY);
CREATE TABLE q (a integer REFERENCES t (b));
