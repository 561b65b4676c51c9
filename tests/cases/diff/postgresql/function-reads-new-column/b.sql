CREATE TABLE users (
    id integer PRIMARY KEY,
    name text NOT NULL,
    age integer,
    points integer
);
CREATE FUNCTION a_max() RETURNS integer LANGUAGE sql AS $$ SELECT max(points) FROM users $$;
