CREATE FUNCTION p(a integer) RETURNS integer LANGUAGE sql AS $$ SELECT 1 $$;
