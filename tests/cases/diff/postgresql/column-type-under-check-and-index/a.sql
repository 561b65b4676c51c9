CREATE TABLE t (a varchar(10), b integer, CHECK (a <> 'x'), CHECK (b > 0));
CREATE INDEX i ON t (a) WHERE a <> 'y';
CREATE INDEX j ON t (lower(a));
CREATE INDEX k ON t (b);
