CREATE TABLE users (
    id integer PRIMARY KEY,
    name text NOT NULL,
    age integer
);
CREATE FUNCTION z_inner() RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    u users%ROWTYPE;
BEGIN
    RETURN 1;
END
$$;
CREATE FUNCTION b_outer() RETURNS integer LANGUAGE sql AS $$ SELECT z_inner() $$;
