CREATE TABLE people (first text);
CREATE FUNCTION known(person people) RETURNS text LANGUAGE sql AS 'SELECT person.first';
