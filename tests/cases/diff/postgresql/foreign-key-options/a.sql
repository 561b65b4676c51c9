CREATE TABLE p (a integer, b integer, PRIMARY KEY (a, b));
CREATE TABLE q (a integer, b integer, c integer, CONSTRAINT f1 FOREIGN KEY (a, b) REFERENCES p, CONSTRAINT f2 FOREIGN KEY (a, c) REFERENCES p ON DELETE CASCADE);
