CREATE TABLE t (a integer, b text DEFAULT 'x', c timestamptz DEFAULT CURRENT_TIMESTAMP, d text DEFAULT E'a\nb');
