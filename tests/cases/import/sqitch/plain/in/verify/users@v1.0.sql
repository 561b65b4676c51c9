-- Verify flipr:users on pg

BEGIN;

SELECT id FROM users WHERE false;

ROLLBACK;
