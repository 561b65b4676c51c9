CREATE TABLE users (
    id integer PRIMARY KEY,
    name text NOT NULL,
    age integer
);
CREATE FUNCTION a_max() RETURNS integer LANGUAGE sql AS $$ SELECT max(age) FROM users $$;
