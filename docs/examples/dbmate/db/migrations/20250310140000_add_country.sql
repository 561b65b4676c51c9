-- migrate:up
ALTER TABLE customers ADD COLUMN country text;

-- migrate:down
ALTER TABLE customers DROP COLUMN country;
