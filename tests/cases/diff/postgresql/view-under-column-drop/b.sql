CREATE TABLE users (
    id integer PRIMARY KEY,
    name text NOT NULL
);
CREATE VIEW adults AS SELECT id, name FROM users;
CREATE VIEW o AS SELECT id FROM users;
