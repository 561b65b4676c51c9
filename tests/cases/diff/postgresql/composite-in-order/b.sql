CREATE TABLE users (
    id integer PRIMARY KEY,
    name text NOT NULL,
    age integer
);
CREATE TYPE inner_t AS (x integer);
CREATE TYPE addr AS (i inner_t, j inner_t[]);
CREATE TABLE p (id integer PRIMARY KEY, a addr);
