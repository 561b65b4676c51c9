CREATE DOMAIN zip AS text CONSTRAINT short CHECK (length(VALUE) < 10) CONSTRAINT old CHECK (VALUE <> '');
CREATE TABLE z (id integer PRIMARY KEY, c zip);
