CREATE SEQUENCE s AS integer START 5;
CREATE TABLE t (id integer DEFAULT nextval('s'));
CREATE TABLE u (id integer DEFAULT nextval('s') NOT NULL);
ALTER SEQUENCE s OWNED BY t.id;
