CREATE TABLE users (
    id integer PRIMARY KEY,
    name text NOT NULL,
    age integer
);
CREATE POLICY own ON users USING (name = CURRENT_USER);
COMMENT ON POLICY own ON users IS 'p';
