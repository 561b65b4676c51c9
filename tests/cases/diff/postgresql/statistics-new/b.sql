CREATE TABLE users (
    id integer PRIMARY KEY,
    name text NOT NULL,
    age integer
);
CREATE STATISTICS users_st ON id, age FROM users;
COMMENT ON STATISTICS users_st IS 's';
CREATE STATISTICS users_e ON (age + 1) FROM users;
