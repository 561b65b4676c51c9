CREATE TABLE users (
    id integer PRIMARY KEY,
    name text NOT NULL,
    age integer
);
CREATE VIEW adults AS SELECT id, name FROM users WHERE age >= 18;
CREATE VIEW o AS SELECT id, age FROM users;
