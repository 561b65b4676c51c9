-- migrate:up
CREATE TABLE a (b int);

-- migrate:down
DROP TABLE a;
