CREATE TABLE t (a text) WITH (fillfactor = 80, toast.autovacuum_enabled = false);
CREATE TABLE u (a integer) WITH (fillfactor = 10);
