CREATE TABLE t (a int4, b varchar, c decimal(5), d float, e bool, f timestamp without time zone, g int[], h char, i bpchar, j bit(3), k bit varying);
