-- migrate:up
CREATE TABLE billing_a (b int);
-- migrate:down
DROP TABLE billing_a;
