CREATE SCHEMA other;
CREATE TABLE other.t (id bigserial PRIMARY KEY, a text NOT NULL, b integer CHECK (b > 0));
CREATE INDEX i ON other.t (a);
CREATE TABLE u (id integer PRIMARY KEY, t_id bigint REFERENCES other.t);
COMMENT ON TABLE other.t IS 'far';
