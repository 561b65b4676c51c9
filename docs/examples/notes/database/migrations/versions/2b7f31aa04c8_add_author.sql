-- revision: 2b7f31aa04c8
-- revises: 1a0cb52e9d10
-- message: add author

-- migrate:up
ALTER TABLE notes ADD COLUMN author TEXT;

-- migrate:down
ALTER TABLE notes DROP COLUMN author;
