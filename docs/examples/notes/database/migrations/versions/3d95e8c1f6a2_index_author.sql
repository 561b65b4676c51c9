-- revision: 3d95e8c1f6a2
-- revises: 2b7f31aa04c8
-- message: index author
-- skein:lint off index_not_concurrent: a notebook has one writer

-- migrate:up
CREATE INDEX notes_author ON notes (author);

-- migrate:down
DROP INDEX notes_author;
