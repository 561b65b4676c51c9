CREATE DOMAIN zip AS text CONSTRAINT short CHECK (length(VALUE) < 6) CONSTRAINT new CHECK (VALUE IN ('1', '2'));
CREATE TABLE z (id integer PRIMARY KEY, c zip);
