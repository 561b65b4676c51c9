CREATE TABLE users (
    id integer PRIMARY KEY,
    name text NOT NULL,
    age integer
);
CREATE MATERIALIZED VIEW stats AS SELECT age, count(*) AS n FROM users GROUP BY age;
CREATE INDEX stats_n ON stats (n);
