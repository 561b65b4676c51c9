CREATE TABLE z0 (id integer);
CREATE TABLE z (id integer PRIMARY KEY);
CREATE TABLE m (id integer PRIMARY KEY, z integer REFERENCES z);
CREATE TABLE a (id integer PRIMARY KEY, m integer NOT NULL REFERENCES m, z integer REFERENCES z);
