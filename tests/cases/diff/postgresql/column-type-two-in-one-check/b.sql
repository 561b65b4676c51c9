CREATE TABLE t (a text, b text, CONSTRAINT k CHECK (a <> b));
