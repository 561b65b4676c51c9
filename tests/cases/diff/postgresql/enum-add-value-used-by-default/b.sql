CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy', 'great');
CREATE TABLE p (id integer PRIMARY KEY, m mood DEFAULT 'great');
