-- revision: 41aa0c7be912
-- revises:
-- branch_labels: ext_billing
-- depends_on: core:8e51b0c44f02
-- message: create invoices
-- created: 2026-04-01T10:00:00Z

-- migrate:up
CREATE TABLE billing_invoices (
    id INTEGER PRIMARY KEY,
    order_id INTEGER NOT NULL REFERENCES orders (id),
    amount_cents INTEGER NOT NULL,
    issued_on TEXT NOT NULL
);
CREATE INDEX billing_invoices_order_id_idx ON billing_invoices (order_id);

-- migrate:down
DROP TABLE billing_invoices;
