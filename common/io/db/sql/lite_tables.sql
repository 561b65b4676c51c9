-- Which of the tables named in the JSON array $1 there are.
SELECT name FROM main.sqlite_master WHERE type IN ('table', 'view') AND name IN (SELECT value FROM json_each($1))
