CREATE TABLE t (id INTEGER PRIMARY KEY, at TEXT DEFAULT (datetime('now')), k BLOB DEFAULT (randomblob(4)));
