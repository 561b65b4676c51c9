CREATE TABLE users (
    id integer PRIMARY KEY,
    name text NOT NULL,
    age integer
);
CREATE FUNCTION n() RETURNS bigint STABLE BEGIN ATOMIC SELECT count(*) FROM users WHERE age > 1; END;
