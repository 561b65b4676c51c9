-- revision: c7e90b3312aa
-- revises:
-- branch_labels: ext_search
-- depends_on: core:3c0a51d7e201
-- message: create search documents
-- created: 2026-06-03T13:45:00Z

-- migrate:up
CREATE TABLE search_documents (
    product_id INTEGER PRIMARY KEY REFERENCES products (id),
    body TEXT NOT NULL
);
INSERT INTO search_documents SELECT id, name || ' ' || description FROM products;

-- migrate:down
DROP TABLE search_documents;
