CREATE TABLE users (
    id integer PRIMARY KEY,
    name text NOT NULL,
    age bigint
);
CREATE STATISTICS users_st ON id, age FROM users;
