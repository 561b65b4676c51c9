CREATE TABLE t (a int); CREATE SCHEMA extra; CREATE TABLE extra.t (a int PRIMARY KEY); CREATE TABLE u (a int REFERENCES extra.t (a)); COMMENT ON SCHEMA extra IS 'more';
