CREATE TABLE users (
    id integer PRIMARY KEY,
    name text NOT NULL,
    age integer
);
CREATE VIEW l AS SELECT users.id FROM users WHERE users.name IN ('a', 'b') AND (age IN (1, 2));
