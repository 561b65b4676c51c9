-- revision: d05f4a6b77c1
-- revises: c7e90b3312aa
-- message: search documents follow the products
-- created: 2026-06-17T09:05:00Z

-- migrate:up postgresql
CREATE FUNCTION search_follow_product() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO search_documents VALUES (NEW.id, NEW.name || ' ' || NEW.description)
    ON CONFLICT (product_id) DO UPDATE SET body = excluded.body;
    RETURN NEW;
END
$$;
CREATE TRIGGER search_follow AFTER INSERT OR UPDATE ON products
    FOR EACH ROW EXECUTE FUNCTION search_follow_product();

-- migrate:down postgresql
DROP TRIGGER search_follow ON products;
DROP FUNCTION search_follow_product();

-- migrate:up sqlite
CREATE TRIGGER search_follow_insert AFTER INSERT ON products
BEGIN
    INSERT INTO search_documents VALUES (NEW.id, NEW.name || ' ' || NEW.description);
END;
CREATE TRIGGER search_follow_update AFTER UPDATE ON products
BEGIN
    UPDATE search_documents SET body = NEW.name || ' ' || NEW.description WHERE product_id = NEW.id;
END;

-- migrate:down sqlite
DROP TRIGGER search_follow_update;
DROP TRIGGER search_follow_insert;
