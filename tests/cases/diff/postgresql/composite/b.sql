CREATE TYPE addr AS (street text, zip text, city text); CREATE TABLE t (a addr);
