CREATE SCHEMA other;
CREATE TABLE other.t (id serial PRIMARY KEY, a text);
