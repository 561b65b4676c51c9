-- Verify flipr:functions/insert_user on pg

BEGIN;

-- XXX Add verifications here.

ROLLBACK;
