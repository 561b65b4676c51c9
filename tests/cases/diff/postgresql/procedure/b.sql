CREATE PROCEDURE p(a integer, INOUT b integer DEFAULT 1) LANGUAGE plpgsql AS $$ BEGIN b := a; END $$;
COMMENT ON PROCEDURE p(integer, integer) IS 'p';
