INSERT INTO t VALUES (1, x'00ff', 1.5, 'x'), (2, 'text', 9007199254740993, x''), (3, NULL, '1e3', 2.0), (4, zeroblob(1000), -0.0, 'a' || char(0) || 'b');
