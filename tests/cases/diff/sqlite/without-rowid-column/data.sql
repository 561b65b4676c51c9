INSERT INTO t VALUES ('x', 1, x'0001'), ('y', 2, NULL);
