CREATE TABLE p (a bigint NOT NULL, b text DEFAULT 'x', d date, CHECK (a > 0));
CREATE TABLE k (c integer, e text) INHERITS (p);
CREATE TABLE k2 () INHERITS (p);
