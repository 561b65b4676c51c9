CREATE TABLE users (
    id integer PRIMARY KEY,
    name text NOT NULL,
    age integer
);
CREATE VIEW adults WITH (security_invoker = true) AS SELECT id, name FROM users WHERE age >= 18 WITH LOCAL CHECK OPTION;
