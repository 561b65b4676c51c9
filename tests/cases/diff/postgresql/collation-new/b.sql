CREATE COLLATION german (PROVIDER = icu, LOCALE = 'de-DE');
COMMENT ON COLLATION german IS 'de';
CREATE TABLE users (
    id integer PRIMARY KEY,
    name text NOT NULL,
    age integer
);
ALTER TABLE users ADD COLUMN city text COLLATE german;
