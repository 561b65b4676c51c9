CREATE TABLE billing_invoices (id INTEGER PRIMARY KEY, total INTEGER, user_id INTEGER NOT NULL REFERENCES users (id));
