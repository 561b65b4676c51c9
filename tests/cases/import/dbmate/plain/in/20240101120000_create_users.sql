-- migrate:up
CREATE TABLE users (id integer PRIMARY KEY, name text);

-- migrate:down
DROP TABLE users;
