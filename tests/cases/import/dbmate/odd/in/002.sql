-- migrate:up
BEGIN;
-- why
CREATE TABLE c (d int);
COMMIT;
-- migrate:down
