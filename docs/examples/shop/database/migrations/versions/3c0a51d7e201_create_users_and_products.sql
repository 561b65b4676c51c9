-- revision: 3c0a51d7e201
-- revises:
-- message: create users and products
-- created: 2026-03-02T09:15:00Z

-- migrate:up
CREATE TABLE users (
    id INTEGER PRIMARY KEY,
    email TEXT NOT NULL
);

CREATE TABLE products (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    description TEXT NOT NULL DEFAULT '',
    price_cents INTEGER NOT NULL CHECK (price_cents >= 0)
);

-- migrate:down
DROP TABLE products;
DROP TABLE users;
