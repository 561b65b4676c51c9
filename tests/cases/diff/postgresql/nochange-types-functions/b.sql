CREATE FUNCTION f(a integer) RETURNS integer AS ' SELECT 1 ' LANGUAGE 'sql' VOLATILE CALLED ON NULL INPUT COST 100;
CREATE TYPE c AS (a integer, b character varying);
CREATE DOMAIN d AS integer CHECK (VALUE IN (1, 2));
CREATE TYPE "e" AS ENUM ('a', 'b');
