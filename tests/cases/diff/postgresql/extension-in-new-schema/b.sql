CREATE TABLE users (
    id integer PRIMARY KEY,
    name text NOT NULL,
    age integer
);
CREATE SCHEMA ext;
CREATE EXTENSION hstore WITH SCHEMA ext;
COMMENT ON EXTENSION hstore IS 'pairs';
CREATE TABLE h (x ext.hstore);
