CREATE FUNCTION acc(a integer, b integer) RETURNS integer IMMUTABLE LANGUAGE sql AS $$ SELECT a + b $$;
CREATE AGGREGATE total(integer) (SFUNC = acc, STYPE = integer, INITCOND = '5', PARALLEL = SAFE);
COMMENT ON AGGREGATE total(integer) IS 't';
