CREATE FUNCTION add(a integer, b integer) RETURNS integer LANGUAGE sql STABLE STRICT SECURITY DEFINER LEAKPROOF PARALLEL SAFE COST 7 SET search_path = public, pg_temp SET work_mem = '4MB' AS $$ SELECT a + b $$;
COMMENT ON FUNCTION add(integer, integer) IS 'adds';
