CREATE DOMAIN email AS text NOT NULL DEFAULT 'a@b' CONSTRAINT email_check CHECK (VALUE ~ '@.+'); CREATE TABLE t (e email);
