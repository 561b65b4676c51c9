CREATE DOMAIN zip AS varchar(5) CHECK (VALUE <> '');
CREATE TABLE z (id integer PRIMARY KEY, c zip);
