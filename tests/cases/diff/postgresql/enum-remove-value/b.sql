CREATE TYPE mood AS ENUM ('sad', 'ok');
CREATE TABLE p (id integer PRIMARY KEY, m mood NOT NULL DEFAULT 'ok');
