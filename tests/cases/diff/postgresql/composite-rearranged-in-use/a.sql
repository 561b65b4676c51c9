CREATE TYPE point3 AS (x integer, y integer, name text);
CREATE TABLE places (id integer PRIMARY KEY, at point3);
