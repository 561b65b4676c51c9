CREATE TABLE users (
    id integer PRIMARY KEY,
    name text NOT NULL,
    age integer
);
CREATE VIEW v AS SELECT name, id FROM users;
CREATE RULE del AS ON DELETE TO v DO INSTEAD DELETE FROM users WHERE id = OLD.id;
