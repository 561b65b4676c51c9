CREATE TABLE users (
    id integer PRIMARY KEY,
    name text NOT NULL,
    age integer
);
CREATE POLICY ins ON users FOR INSERT WITH CHECK (age BETWEEN 1 AND 5);
