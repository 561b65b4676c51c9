CREATE TABLE t (a TEXT, b TEXT, c INT);
create index "i" on "t" ("a", "b" collate NOCASE desc, LOWER("c"));
CREATE UNIQUE INDEX j ON t (c) WHERE t.c>0;
