CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy', 'great');
CREATE TABLE p (id integer PRIMARY KEY, m mood);
CREATE VIEW good AS SELECT id FROM p WHERE m IN ('happy', 'great');
