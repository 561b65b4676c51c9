CREATE TABLE t (a integer, b integer);
CREATE SEQUENCE s OWNED BY t.a;
CREATE TABLE u (c integer);
CREATE SEQUENCE r OWNED BY u.c;
