CREATE TABLE z (id integer PRIMARY KEY, c text DEFAULT '1');
