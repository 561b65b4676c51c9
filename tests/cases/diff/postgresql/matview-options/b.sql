CREATE TABLE users (
    id integer PRIMARY KEY,
    name text NOT NULL,
    age integer
);
CREATE MATERIALIZED VIEW stats WITH (fillfactor = 70) AS SELECT age, count(*) AS n FROM users GROUP BY age;
