CREATE TABLE tenth (a int);
