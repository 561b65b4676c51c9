-- revision: e2b84f10c3d7
-- revises: 8f3c2a91d0be
-- message: amounts of invoices are positive
-- created: 2026-09-10T15:10:00Z
-- skein:lint off check_validates: a young shop has few invoices

-- migrate:up postgresql
ALTER TABLE billing_invoices ADD CONSTRAINT billing_invoices_amount_positive CHECK (amount_cents > 0);

-- migrate:down postgresql
ALTER TABLE billing_invoices DROP CONSTRAINT billing_invoices_amount_positive;

-- migrate:up sqlite
-- SQLite adds a constraint only by making the table again.
PRAGMA foreign_keys=OFF;
CREATE TABLE billing_invoices_new (
    id INTEGER PRIMARY KEY,
    order_id INTEGER NOT NULL REFERENCES orders (id),
    amount_cents INTEGER NOT NULL CONSTRAINT billing_invoices_amount_positive CHECK (amount_cents > 0),
    issued_on TEXT NOT NULL
);
INSERT INTO billing_invoices_new (id, order_id, amount_cents, issued_on)
    SELECT id, order_id, amount_cents, issued_on FROM billing_invoices;
DROP TABLE billing_invoices;
ALTER TABLE billing_invoices_new RENAME TO billing_invoices;
CREATE INDEX billing_invoices_order_id_idx ON billing_invoices (order_id);

-- migrate:down sqlite
PRAGMA foreign_keys=OFF;
CREATE TABLE billing_invoices_old (
    id INTEGER PRIMARY KEY,
    order_id INTEGER NOT NULL REFERENCES orders (id),
    amount_cents INTEGER NOT NULL,
    issued_on TEXT NOT NULL
);
INSERT INTO billing_invoices_old (id, order_id, amount_cents, issued_on)
    SELECT id, order_id, amount_cents, issued_on FROM billing_invoices;
DROP TABLE billing_invoices;
ALTER TABLE billing_invoices_old RENAME TO billing_invoices;
CREATE INDEX billing_invoices_order_id_idx ON billing_invoices (order_id);
