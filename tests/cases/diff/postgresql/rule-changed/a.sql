CREATE TABLE users (
    id integer PRIMARY KEY,
    name text NOT NULL,
    age integer
);
CREATE RULE keep AS ON DELETE TO users DO INSTEAD NOTHING;
