CREATE TABLE t (a uuid DEFAULT gen_random_uuid(), b text DEFAULT 'a' || 'b');
