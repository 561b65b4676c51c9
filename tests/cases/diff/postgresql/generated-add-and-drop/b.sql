CREATE TABLE t (a integer, h text GENERATED ALWAYS AS ('v' || a) STORED);
