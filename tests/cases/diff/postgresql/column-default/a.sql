CREATE TABLE t (a integer DEFAULT 1, b text, c timestamptz DEFAULT now(), d text DEFAULT 'it''s');
