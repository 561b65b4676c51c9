-- Which of the tables named in the JSON array $1 there are in schema $2.
SELECT c.relname
FROM pg_catalog.pg_class c
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = $2::text AND c.relkind IN ('r', 'p', 'v')
  AND c.relname::text IN (SELECT pg_catalog.json_array_elements_text($1::json))
