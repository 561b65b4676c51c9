CREATE TYPE addr AS (street text, zip text);
CREATE TABLE p (id integer PRIMARY KEY, a addr);
