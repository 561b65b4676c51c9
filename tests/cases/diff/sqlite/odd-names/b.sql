CREATE TABLE "a.b" ("c;d" TEXT);
CREATE TABLE "x'y" ("(" TEXT, ")" INT);
CREATE TABLE "--" ("/*" TEXT);
CREATE TABLE "äö" ("é" TEXT);
