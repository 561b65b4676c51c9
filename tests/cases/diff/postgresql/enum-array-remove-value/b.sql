CREATE TYPE mood AS ENUM ('ok', 'happy');
CREATE TABLE p (id integer PRIMARY KEY, m mood[] NOT NULL DEFAULT '{}');
