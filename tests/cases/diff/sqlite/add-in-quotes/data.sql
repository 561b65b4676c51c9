INSERT INTO "my table" VALUES (1);
