CREATE TYPE "Mood Kind" AS ENUM ('a "b"', 'back\slash', 'it''s');
CREATE TABLE "P" ("M" "Mood Kind" DEFAULT 'it''s');
