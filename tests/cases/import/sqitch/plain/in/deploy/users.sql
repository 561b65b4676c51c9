-- Deploy flipr:users to pg

BEGIN;

ALTER TABLE users ADD name text;

COMMIT;
