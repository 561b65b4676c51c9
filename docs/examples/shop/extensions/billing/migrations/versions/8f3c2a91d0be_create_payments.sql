-- revision: 8f3c2a91d0be
-- revises: 41aa0c7be912
-- message: create payments
-- created: 2026-04-15T11:20:00Z

-- migrate:up
CREATE TABLE billing_payments (
    id INTEGER PRIMARY KEY,
    invoice_id INTEGER NOT NULL REFERENCES billing_invoices (id),
    amount_cents INTEGER NOT NULL,
    paid_on TEXT NOT NULL
);

-- migrate:down
DROP TABLE billing_payments;
