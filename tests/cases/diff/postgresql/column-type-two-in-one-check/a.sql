CREATE TABLE t (a integer, b integer, CONSTRAINT k CHECK (a <> b));
