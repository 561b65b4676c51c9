CREATE FUNCTION zfun(t text) RETURNS text IMMUTABLE LANGUAGE sql AS $$ SELECT lower(t) $$;
CREATE FUNCTION zid() RETURNS integer LANGUAGE sql AS $$ SELECT 1 $$;
CREATE TABLE t (id integer DEFAULT zid(), s text CHECK (zfun(s) = s), g text GENERATED ALWAYS AS (zfun(s)) STORED);
CREATE INDEX t_s ON t (zfun(s));
