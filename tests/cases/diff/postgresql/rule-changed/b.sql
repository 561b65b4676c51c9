CREATE TABLE users (
    id integer PRIMARY KEY,
    name text NOT NULL,
    age integer
);
CREATE RULE keep AS ON UPDATE TO users DO INSTEAD NOTHING;
ALTER TABLE users DISABLE RULE keep;
