CREATE TABLE t (id integer PRIMARY KEY, s varchar(10) , CONSTRAINT t_s CHECK (s::text = ANY (ARRAY['a'::character varying, 'b'::character varying]::text[])));
CREATE INDEX t_i ON t (id) WHERE s::text = ANY (ARRAY['a'::character varying, 'b'::character varying]::text[]);
CREATE POLICY p ON t USING (s::text = ANY (ARRAY['a'::character varying, 'b'::character varying]::text[]));
CREATE VIEW v AS SELECT id FROM t WHERE s::text = ANY (ARRAY['a'::character varying, 'b'::character varying]::text[]);
