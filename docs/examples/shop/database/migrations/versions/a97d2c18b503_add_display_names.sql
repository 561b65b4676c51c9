-- revision: a97d2c18b503
-- revises: 8e51b0c44f02
-- message: add display names, filled from the e-mail address
-- created: 2026-04-20T08:40:00Z
-- skein:lint off update_all_rows, mixed_ddl_dml, set_not_null: a young shop has few users

-- migrate:up postgresql
ALTER TABLE users ADD COLUMN display_name TEXT;
UPDATE users SET display_name = split_part(email, '@', 1);
ALTER TABLE users ALTER COLUMN display_name SET NOT NULL;

-- migrate:up sqlite
-- SQLite adds a column with NOT NULL only together with a default.
ALTER TABLE users ADD COLUMN display_name TEXT NOT NULL DEFAULT '';
UPDATE users SET display_name = substr(email, 1, instr(email || '@', '@') - 1);

-- migrate:verify
SELECT count(*) = 0 FROM users WHERE display_name IS NULL;

-- migrate:down
ALTER TABLE users DROP COLUMN display_name;
