CREATE TABLE users (
    id integer PRIMARY KEY,
    name varchar(10) NOT NULL,
    age integer
);
CREATE POLICY own ON users USING (name = CURRENT_USER);
