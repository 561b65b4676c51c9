CREATE TABLE t (a text, id serial, big bigserial, small smallserial);
CREATE TABLE u (id serial PRIMARY KEY, v bigserial NOT NULL UNIQUE);
