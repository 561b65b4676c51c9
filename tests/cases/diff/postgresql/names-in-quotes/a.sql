CREATE TABLE "Order" ("Select" integer PRIMARY KEY, "two words" text, "user" text);
