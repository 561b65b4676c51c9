CREATE FUNCTION low(t text) RETURNS text IMMUTABLE LANGUAGE sql AS $$ SELECT lower(t) $$;
CREATE TABLE t (id integer PRIMARY KEY, s text DEFAULT low('A') CHECK (low(s) = s));
CREATE INDEX t_s ON t (low(s));
CREATE VIEW v AS SELECT low(s) AS l FROM t;
CREATE POLICY p ON t USING (low(s) = 'a');
