-- migrate:up
CREATE INDEX customers_country ON customers (country);

-- migrate:down
DROP INDEX customers_country;
