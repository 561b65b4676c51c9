CREATE TABLE t (a integer, y text NOT NULL DEFAULT '', b integer, z integer, c varchar(3) COLLATE "C");
