CREATE TYPE addr AS (street text);
CREATE TABLE p (id integer PRIMARY KEY, a addr);
