CREATE SCHEMA app;
CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy');
CREATE DOMAIN pos AS integer CHECK (VALUE > 0);
CREATE TABLE users (
    id integer PRIMARY KEY,
    name text NOT NULL,
    age integer
);
CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
ALTER TABLE users ADD COLUMN m mood DEFAULT 'ok', ADD COLUMN p pos;
CREATE TRIGGER t BEFORE INSERT OR UPDATE OF name ON users FOR EACH ROW WHEN (NEW.name IN ('a', 'b')) EXECUTE FUNCTION touch();
CREATE VIEW app.v AS SELECT id, m FROM users;
CREATE MATERIALIZED VIEW app.mv AS SELECT m FROM app.v;
CREATE INDEX mv_m ON app.mv (m);
CREATE POLICY own ON users USING (name = CURRENT_USER);
