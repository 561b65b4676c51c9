CREATE TABLE users (
    id integer PRIMARY KEY,
    name text NOT NULL,
    age integer
);
CREATE STATISTICS users_st (ndistinct, mcv) ON id, age, name FROM users;
ALTER STATISTICS users_st SET STATISTICS 500;
