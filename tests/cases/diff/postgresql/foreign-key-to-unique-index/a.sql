CREATE TABLE p (a integer);
CREATE UNIQUE INDEX pu ON p (a);
CREATE TABLE q (a integer REFERENCES p (a));
