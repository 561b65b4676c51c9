CREATE TABLE t (r int4range, CONSTRAINT t_r EXCLUDE USING gist (r WITH &&));
