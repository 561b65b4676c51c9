CREATE TABLE users (
    id integer PRIMARY KEY,
    name text NOT NULL,
    age integer
);
CREATE VIEW adults AS SELECT id, name FROM users WHERE age >= 18;
CREATE VIEW b_adults AS SELECT id FROM adults;
CREATE VIEW a_adults AS SELECT id FROM b_adults;
COMMENT ON VIEW a_adults IS 'a';
COMMENT ON COLUMN a_adults.id IS 'id';
