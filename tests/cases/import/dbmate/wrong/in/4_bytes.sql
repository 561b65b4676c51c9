-- migrate:up
SELECT 'ÿ';
