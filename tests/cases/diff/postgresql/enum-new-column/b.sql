CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy');
CREATE TABLE users (
    id integer PRIMARY KEY,
    name text NOT NULL,
    age integer
);
ALTER TABLE users ADD COLUMN mood mood;
