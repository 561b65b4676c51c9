-- +goose Up
-- +goose StatementBegin
CREATE TABLE d (e int) -- no semicolon
-- +goose StatementEnd
