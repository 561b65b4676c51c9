CREATE TABLE "order" (id INTEGER PRIMARY KEY, "Mixed Case" TEXT, "select" TEXT);
