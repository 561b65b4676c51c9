CREATE TABLE users (
    id integer PRIMARY KEY,
    name text NOT NULL,
    age integer
);
CREATE TYPE addr AS (street text COLLATE "C", zip varchar(10));
COMMENT ON TYPE addr IS 'where';
COMMENT ON COLUMN addr.zip IS 'code';
