CREATE TABLE p (id integer PRIMARY KEY);
CREATE TABLE q (id integer PRIMARY KEY, p_id integer REFERENCES p (id));
