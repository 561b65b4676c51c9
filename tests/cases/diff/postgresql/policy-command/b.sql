CREATE TABLE users (
    id integer PRIMARY KEY,
    name text NOT NULL,
    age integer
);
CREATE POLICY own ON users AS RESTRICTIVE FOR SELECT USING (name = CURRENT_USER);
COMMENT ON POLICY own ON users IS 'p';
