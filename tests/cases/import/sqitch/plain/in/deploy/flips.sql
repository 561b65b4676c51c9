-- Deploy flipr:flips to pg
-- requires: users

BEGIN;

CREATE TABLE flips (id integer);

COMMIT;
