CREATE TABLE t (id integer, s text);
