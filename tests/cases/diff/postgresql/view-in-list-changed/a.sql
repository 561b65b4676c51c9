CREATE TABLE users (
    id integer PRIMARY KEY,
    name varchar(20) NOT NULL,
    age integer
);
CREATE VIEW l AS SELECT id FROM users WHERE name IN ('a', 'b');
