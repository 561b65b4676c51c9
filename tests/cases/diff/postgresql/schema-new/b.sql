CREATE TABLE users (
    id integer PRIMARY KEY,
    name text NOT NULL,
    age integer
);
CREATE SCHEMA app;
COMMENT ON SCHEMA app IS 'The app';
CREATE TABLE app.t (id integer PRIMARY KEY);
CREATE VIEW app.v AS SELECT id FROM app.t;
