CREATE EXTENSION pg_trgm;
CREATE TABLE users (
    id integer PRIMARY KEY,
    name text NOT NULL,
    age integer
);
CREATE INDEX users_trgm ON users USING gin (name gin_trgm_ops);
