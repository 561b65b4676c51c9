-- revision: 1a0cb52e9d10
-- revises:
-- message: create notes

-- migrate:up
CREATE TABLE notes (id INTEGER PRIMARY KEY, body TEXT NOT NULL);

-- migrate:down
DROP TABLE notes;
