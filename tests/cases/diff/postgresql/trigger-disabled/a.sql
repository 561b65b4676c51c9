CREATE TABLE users (
    id integer PRIMARY KEY,
    name text NOT NULL,
    age integer
);
CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
CREATE TRIGGER t BEFORE INSERT OR UPDATE OF name ON users FOR EACH ROW WHEN (NEW.name IN ('a', 'b')) EXECUTE FUNCTION touch();
