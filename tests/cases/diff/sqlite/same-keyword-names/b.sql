CREATE TABLE t (key TEXT, [order] INT, replace TEXT, CHECK (key <> ''));
