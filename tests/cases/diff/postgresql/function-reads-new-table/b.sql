CREATE TABLE zz (id integer);
CREATE TABLE users (
    id integer PRIMARY KEY,
    name text NOT NULL,
    age integer
);
CREATE FUNCTION a_count() RETURNS bigint LANGUAGE sql AS $$ SELECT count(*) FROM zz $$;
CREATE FUNCTION a_row(r zz) RETURNS integer LANGUAGE sql AS $$ SELECT r.id $$;
