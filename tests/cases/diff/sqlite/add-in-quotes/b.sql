CREATE TABLE "my table" ("a b" INT, "c ""d""" TEXT DEFAULT 'it''s', "ä" TEXT, "0" INT);
