-- Revert flipr:users from pg

BEGIN;

ALTER TABLE users DROP name;

COMMIT;
