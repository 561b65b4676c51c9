CREATE TYPE addr AS (street text);
CREATE TABLE p OF addr;
