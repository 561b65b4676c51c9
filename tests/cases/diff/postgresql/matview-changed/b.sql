CREATE TABLE users (
    id integer PRIMARY KEY,
    name text NOT NULL,
    age integer
);
CREATE MATERIALIZED VIEW stats AS SELECT age, count(*) AS n, max(id) AS m FROM users GROUP BY age;
CREATE UNIQUE INDEX stats_age ON stats (age);
COMMENT ON MATERIALIZED VIEW stats IS 's';
CREATE VIEW sv AS SELECT n FROM stats;
