CREATE TABLE "my table" ("a b" INT);
