CREATE TYPE addr AS (street text);
CREATE FUNCTION f(a addr) RETURNS text LANGUAGE sql AS $$ SELECT (a).street $$;
