CREATE TABLE users (
    id integer PRIMARY KEY,
    name text NOT NULL,
    age integer
);
CREATE POLICY own ON users USING (name IN ('a', 'b')) WITH CHECK (age > 1);
COMMENT ON POLICY own ON users IS 'p';
