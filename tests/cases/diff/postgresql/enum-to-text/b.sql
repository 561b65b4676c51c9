CREATE TABLE p (id integer PRIMARY KEY, m text NOT NULL DEFAULT 'ok');
