CREATE TYPE addr AS (street text, zip text);
CREATE FUNCTION f(a addr) RETURNS text LANGUAGE sql AS $$ SELECT (a).street || (a).zip $$;
