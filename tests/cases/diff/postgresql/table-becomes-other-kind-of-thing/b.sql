CREATE SEQUENCE a;
CREATE TABLE b (x integer);
CREATE TABLE d (y integer);
CREATE TABLE c (y integer);
