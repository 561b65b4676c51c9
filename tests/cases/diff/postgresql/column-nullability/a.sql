CREATE TABLE t (a text NOT NULL, b text, c text DEFAULT 'x');
