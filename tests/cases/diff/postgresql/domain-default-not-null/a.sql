CREATE DOMAIN zip AS text;
CREATE TABLE z (id integer PRIMARY KEY, c zip);
