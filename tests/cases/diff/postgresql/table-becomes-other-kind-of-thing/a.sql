CREATE TABLE a (x integer);
CREATE SEQUENCE b;
CREATE TABLE c (y integer);
CREATE INDEX d ON c (y);
