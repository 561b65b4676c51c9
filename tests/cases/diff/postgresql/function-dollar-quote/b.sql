CREATE TABLE users (
    id integer PRIMARY KEY,
    name text NOT NULL,
    age integer
);
CREATE FUNCTION q() RETURNS text LANGUAGE plpgsql AS 'BEGIN RETURN $$x$$ || $function$y$function$; END';
