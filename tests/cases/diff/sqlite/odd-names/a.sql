CREATE TABLE "a.b" ("c;d" INT);
CREATE TABLE "x'y" ("(" INT, ")" INT);
CREATE TABLE "--" ("/*" INT);
CREATE TABLE "äö" ("é" INT);
