CREATE SCHEMA old;
CREATE TYPE old.e AS ENUM ('a');
CREATE TABLE old.t (x old.e);
