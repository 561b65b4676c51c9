CREATE TABLE x (id integer);
CREATE TABLE account (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    email varchar(255) NOT NULL UNIQUE,
    name text DEFAULT 'nobody' NOT NULL,
    age integer CHECK (age >= 0),
    born date,
    tags text[] DEFAULT '{}',
    initials text GENERATED ALWAYS AS (substr(name, 1, 1)) STORED,
    parent bigint REFERENCES account ON DELETE SET NULL,
    CONSTRAINT grown CHECK (age > 17 OR parent IS NOT NULL)
) WITH (fillfactor = 80, autovacuum_enabled = false, toast.autovacuum_enabled = false);
CREATE INDEX account_name ON account (lower(name));
COMMENT ON TABLE account IS 'people';
COMMENT ON COLUMN account.email IS 'address';
COMMENT ON CONSTRAINT grown ON account IS 'old enough';
CREATE UNLOGGED TABLE cache (k text PRIMARY KEY, v bytea);
CREATE TABLE empty ();
