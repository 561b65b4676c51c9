CREATE TYPE addr AS (street text, zip varchar(10), m bigint);
