CREATE TABLE search_documents (
    product_id INTEGER PRIMARY KEY REFERENCES products (id),
    body TEXT NOT NULL
);
