CREATE TABLE billing_payments (
    id INTEGER PRIMARY KEY,
    invoice_id INTEGER NOT NULL REFERENCES billing_invoices (id),
    amount_cents INTEGER NOT NULL,
    paid_on TEXT NOT NULL
);
