CREATE TABLE second (a int);
