CREATE TABLE t (r int4range, p point, CONSTRAINT e EXCLUDE USING gist (r WITH &&));
