-- What people made in a SQLite database, in that order: without indexes of constraints (they have no text), SQLite's
-- own tables and the tables behind virtual ones.
SELECT type, name, tbl_name, sql FROM main.sqlite_schema
 WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite\_%' ESCAPE '\' AND tbl_name NOT IN
       (SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'shadow')
 ORDER BY rowid
