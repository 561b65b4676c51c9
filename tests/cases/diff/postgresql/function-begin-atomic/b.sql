CREATE TABLE users (
    id integer PRIMARY KEY,
    name text NOT NULL,
    age integer
);
CREATE FUNCTION n() RETURNS bigint STABLE BEGIN ATOMIC SELECT count(*) FROM users WHERE name IN ('a', 'b'); END;
CREATE FUNCTION inc(x integer) RETURNS integer IMMUTABLE RETURN x + 1;
