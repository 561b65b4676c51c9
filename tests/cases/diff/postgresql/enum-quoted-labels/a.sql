CREATE TYPE "Mood Kind" AS ENUM ('it''s', 'a "b"');
CREATE TABLE "P" ("M" "Mood Kind" DEFAULT 'it''s');
