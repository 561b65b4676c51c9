CREATE TABLE users (
    id integer PRIMARY KEY,
    name text NOT NULL,
    age integer
);
CREATE TABLE log (id integer);
CREATE RULE keep AS ON DELETE TO users WHERE OLD.name IN ('a', 'b') DO ALSO INSERT INTO log VALUES (OLD.id);
COMMENT ON RULE keep ON users IS 'r';
