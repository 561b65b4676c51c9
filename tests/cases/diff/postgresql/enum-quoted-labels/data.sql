INSERT INTO "P" VALUES ('it''s'), ('a "b"');
