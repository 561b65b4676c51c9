CREATE TYPE point3 AS (name text, y bigint, x integer, z integer);
CREATE TABLE places (id integer PRIMARY KEY, at point3);
