-- revision: 5d2e77aa01c4
-- revises: a97d2c18b503
-- message: index orders by user
-- created: 2026-05-11T16:30:00Z

-- migrate:up postgresql transaction:false
-- On PostgreSQL the index is made while the shop goes on selling: that cannot happen in a transaction.
CREATE INDEX CONCURRENTLY orders_user_id_idx ON orders (user_id);

-- migrate:up sqlite
CREATE INDEX orders_user_id_idx ON orders (user_id);

-- migrate:down
DROP INDEX orders_user_id_idx;
