-- migrate:up
INSERT INTO a VALUES (1);
