CREATE TYPE mood AS ENUM ('happy', 'sad', 'ok');
CREATE TABLE p (id integer PRIMARY KEY, m mood);
CREATE INDEX p_m ON p (m);
