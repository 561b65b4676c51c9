CREATE TABLE x (a integer);
CREATE TABLE t (id serial, a text);
ALTER TABLE t ALTER id DROP NOT NULL;
