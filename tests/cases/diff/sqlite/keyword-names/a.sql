CREATE TABLE "select" ("from" INT, "where" TEXT);
CREATE INDEX "group" ON "select" ("from");
CREATE VIEW "view" AS SELECT "from" FROM "select";
