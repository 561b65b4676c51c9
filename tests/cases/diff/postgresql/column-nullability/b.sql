CREATE TABLE t (a text, b text NOT NULL, c text DEFAULT 'x' NOT NULL);
