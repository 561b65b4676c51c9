CREATE TABLE t (a TEXT DEFAULT 'x' CHECK (a <> 'y'));
