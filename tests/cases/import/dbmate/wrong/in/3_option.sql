-- migrate:up isolation:none
SELECT 1;
