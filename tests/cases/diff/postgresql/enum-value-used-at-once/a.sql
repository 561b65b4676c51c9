CREATE TYPE mood AS ENUM ('sad'); CREATE TABLE t (m mood);
