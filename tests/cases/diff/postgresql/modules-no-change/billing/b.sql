CREATE TABLE billing_invoices (id INTEGER PRIMARY KEY, user_id INTEGER NOT NULL REFERENCES users (id));
