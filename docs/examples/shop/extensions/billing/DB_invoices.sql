CREATE TABLE billing_invoices (
    id INTEGER PRIMARY KEY,
    order_id INTEGER NOT NULL REFERENCES orders (id),
    amount_cents INTEGER NOT NULL,
    issued_on TEXT NOT NULL
);

CREATE INDEX billing_invoices_order_id_idx ON billing_invoices (order_id);
