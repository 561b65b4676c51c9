CREATE TYPE addr AS (street text, zip varchar(5), n integer);
