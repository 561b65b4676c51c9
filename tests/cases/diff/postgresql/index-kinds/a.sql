CREATE TABLE t (a integer, b text, c int[], j jsonb);
CREATE INDEX i ON t (a);
CREATE INDEX k ON t (b);
CREATE INDEX l ON t USING gin (c);
CREATE INDEX m ON t USING gin (j);
