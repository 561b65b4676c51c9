-- migrate:up
CREATE TABLE e (f int);
-- migrate:down
DROP TABLE e;
-- migrate:up transaction:true
CREATE TABLE g (h int);
-- migrate:down
DROP TABLE g;
