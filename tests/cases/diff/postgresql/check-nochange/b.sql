CREATE TABLE t (a int, s character varying(10), d text DEFAULT 'x', CONSTRAINT t_s_check CHECK (s = ANY (ARRAY['a'::varchar, 'b'::varchar]::text[])), CONSTRAINT t_a_check CHECK ((a > 0)));
CREATE INDEX i ON public.t USING btree (a ASC NULLS LAST) WHERE ((s)::text = 'a'::text);
