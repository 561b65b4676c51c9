CREATE TABLE p (a integer);
CREATE UNIQUE INDEX pu ON p (a) WITH (fillfactor = 50);
CREATE TABLE q (a integer REFERENCES p (a));
