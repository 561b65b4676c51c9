CREATE SCHEMA new;
CREATE TYPE new.e AS ENUM ('a');
CREATE TABLE new.t (x new.e);
