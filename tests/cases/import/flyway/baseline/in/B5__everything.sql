CREATE TABLE everything (a int);
