CREATE TABLE t (id INTEGER PRIMARY KEY, body TEXT);
CREATE VIRTUAL TABLE t_fts USING fts5(body, content = 't', content_rowid = 'id');
CREATE TRIGGER t_ai AFTER INSERT ON t BEGIN INSERT INTO t_fts (rowid, body) VALUES (new.id, new.body); END;
