CREATE TABLE users (
    id integer PRIMARY KEY,
    name text NOT NULL,
    age integer
);
CREATE FUNCTION tf(n integer) RETURNS TABLE(x integer, y text) LANGUAGE sql ROWS 7 AS $$ SELECT n, 'a'::text $$;
CREATE FUNCTION vf(VARIADIC a integer[]) RETURNS SETOF integer LANGUAGE sql AS $$ SELECT unnest(a) $$;
CREATE FUNCTION of(a integer, OUT b integer, OUT c text) LANGUAGE sql AS $$ SELECT a, 'x'::text $$;
