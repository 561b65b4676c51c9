-- +goose up
-- +goose ENVSUB ON
CREATE TABLE ${PREFIX}_a (b int);
-- +goose ENVSUB OFF
CREATE TABLE "${b}" (c int);
-- +goose down
-- +goose ENVSUB ON
DROP TABLE $UNKNOWN;
