CREATE TYPE addr AS (street text, zip integer);
CREATE TABLE p OF addr;
