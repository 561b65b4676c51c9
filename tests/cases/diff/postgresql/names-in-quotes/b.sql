CREATE TABLE "Order" ("Select" bigint PRIMARY KEY, "two words" varchar(10) NOT NULL, "user" text UNIQUE);
CREATE INDEX "I x" ON "Order" ("two words");
CREATE TABLE "a""b" ("c""d" integer REFERENCES "Order");
