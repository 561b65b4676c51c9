CREATE TABLE t (id bigserial PRIMARY KEY); CREATE TABLE u (n int, s smallserial, b bigserial);
