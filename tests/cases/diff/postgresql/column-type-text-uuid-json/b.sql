CREATE TABLE t (a uuid, b jsonb, c jsonb);
