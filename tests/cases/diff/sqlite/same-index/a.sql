CREATE TABLE t (a TEXT, b TEXT, c INT);
CREATE INDEX i ON t (a ASC, b COLLATE nocase DESC, lower( c ));
CREATE UNIQUE INDEX j ON t (c) WHERE (c > 0) ;
