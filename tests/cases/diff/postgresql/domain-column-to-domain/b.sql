CREATE DOMAIN zip AS text CHECK (VALUE IN ('1', '2'));
CREATE TABLE z (id integer PRIMARY KEY, c zip DEFAULT '1');
