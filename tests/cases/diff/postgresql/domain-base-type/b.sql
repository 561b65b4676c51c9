CREATE DOMAIN zip AS text CHECK (VALUE <> '');
CREATE TABLE z (id integer PRIMARY KEY, c zip);
