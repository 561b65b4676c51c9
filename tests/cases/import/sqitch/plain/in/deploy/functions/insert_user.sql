-- Deploy flipr:functions/insert_user to pg
-- requires: users

BEGIN;

-- XXX Add DDLs here.

COMMIT;
