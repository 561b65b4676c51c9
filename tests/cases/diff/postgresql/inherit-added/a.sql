CREATE TABLE p (a integer);
CREATE TABLE k (a integer, c integer);
