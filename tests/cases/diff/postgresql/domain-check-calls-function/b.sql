CREATE TABLE users (
    id integer PRIMARY KEY,
    name text NOT NULL,
    age integer
);
CREATE FUNCTION ok(t text) RETURNS boolean IMMUTABLE LANGUAGE sql AS $$ SELECT t <> '' $$;
CREATE DOMAIN zip AS text CHECK (ok(VALUE));
CREATE TABLE z (id integer PRIMARY KEY, c zip);
