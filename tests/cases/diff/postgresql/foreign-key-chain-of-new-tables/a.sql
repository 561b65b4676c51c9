CREATE TABLE z0 (id integer);
