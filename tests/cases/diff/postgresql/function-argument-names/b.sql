CREATE FUNCTION add(x integer, y integer DEFAULT 5) RETURNS integer LANGUAGE sql IMMUTABLE AS $$ SELECT x + y $$;
