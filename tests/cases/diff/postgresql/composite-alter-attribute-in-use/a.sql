CREATE TYPE addr AS (street text, n integer);
CREATE TABLE p (id integer PRIMARY KEY, a addr);
