CREATE TABLE t (id serial, k smallserial);
