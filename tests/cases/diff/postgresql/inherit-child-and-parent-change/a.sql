CREATE TABLE p (a integer, b text);
CREATE TABLE k (c integer) INHERITS (p);
