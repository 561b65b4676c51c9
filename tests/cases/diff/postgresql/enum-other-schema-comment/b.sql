CREATE SCHEMA app;
CREATE TYPE app.mood AS ENUM ('a', 'b', 'c');
CREATE TABLE app.t (m app.mood DEFAULT 'a');
COMMENT ON TYPE app.mood IS 'it''s';
