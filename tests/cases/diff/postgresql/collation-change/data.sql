INSERT INTO r VALUES ('a'), ('A');
