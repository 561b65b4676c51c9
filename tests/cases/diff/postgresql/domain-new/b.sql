CREATE TABLE users (
    id integer PRIMARY KEY,
    name text NOT NULL,
    age integer
);
CREATE DOMAIN zip AS varchar(10) DEFAULT '00000' NOT NULL CHECK (VALUE ~ '^[0-9]+$');
