CREATE TABLE users (
    id integer PRIMARY KEY,
    name text NOT NULL,
    age integer
);
CREATE TABLE admins (name text PRIMARY KEY);
CREATE POLICY adm ON users USING (EXISTS (SELECT FROM admins a WHERE a.name = CURRENT_USER));
