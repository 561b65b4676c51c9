CREATE TABLE t (a TEXT CHECK (a IN ('x', 'y', 'it''s') AND length(a) < 10));
