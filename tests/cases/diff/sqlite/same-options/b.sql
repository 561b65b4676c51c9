CREATE TABLE t (a INTEGER NOT NULL PRIMARY KEY, b TEXT) without rowid, strict;
