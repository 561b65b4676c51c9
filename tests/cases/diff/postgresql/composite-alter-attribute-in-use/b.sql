CREATE TYPE addr AS (street text, n bigint);
CREATE TABLE p (id integer PRIMARY KEY, a addr);
