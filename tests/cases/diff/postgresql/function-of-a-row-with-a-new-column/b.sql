CREATE TABLE people (first text, family text);
CREATE FUNCTION known(person people) RETURNS text LANGUAGE sql AS 'SELECT person.first || person.family';
CREATE FUNCTION formal(person people) RETURNS text LANGUAGE sql AS 'SELECT person.family';
