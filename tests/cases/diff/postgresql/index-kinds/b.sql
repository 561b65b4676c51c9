CREATE TABLE t (a integer, b text, c int[], j jsonb);
CREATE UNIQUE INDEX i ON t (a DESC NULLS LAST) INCLUDE (b) WHERE a > 0;
CREATE INDEX k ON t (b text_pattern_ops, lower(b) COLLATE "C");
CREATE INDEX l ON t USING gin (c) WITH (fastupdate = off);
CREATE INDEX m ON t USING gin (j jsonb_path_ops);
CREATE INDEX n ON t USING hash (b);
CREATE UNIQUE INDEX o ON t (a, b) NULLS NOT DISTINCT;
COMMENT ON INDEX n IS 'hash';
