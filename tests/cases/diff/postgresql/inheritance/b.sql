CREATE TABLE p (a int, z int); CREATE TABLE c (b int) INHERITS (p); CREATE TABLE d () INHERITS (p);
