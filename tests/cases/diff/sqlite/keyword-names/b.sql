CREATE TABLE "select" ("from" INT NOT NULL, "where" TEXT, "order" INT DEFAULT 1);
CREATE INDEX "group" ON "select" ("from", "order");
CREATE VIEW "view" AS SELECT "from", "order" FROM "select";
