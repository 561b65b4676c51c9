# The same revisions three times: as a project of skein, as plain SQL files, as an Alembic project.
# shellcheck shell=bash

# The SQL of revision N: tables, columns, indexes and rows in turn.
bench_sql() {
    local n=$1 t
    t=t_$(((n - 1) / 4))
    case $((n % 4)) in
    1) echo "CREATE TABLE $t (id INTEGER PRIMARY KEY, name TEXT NOT NULL, amount INTEGER NOT NULL);" ;;
    2) echo "ALTER TABLE $t ADD COLUMN note TEXT;" ;;
    3) echo "CREATE INDEX ${t}_amount ON $t (amount);" ;;
    0) echo "INSERT INTO $t (id, name, amount) VALUES (1, 'one', 1), (2, 'two', 2), (3, 'three', 3);" ;;
    esac
}

bench_id() {
    printf 'b%07d' "$1"
}

# make_skein FOLDER FIRST LAST
make_skein() {
    local versions=$1/database/migrations/versions n id
    mkdir -p "$versions"
    for ((n = $2; n <= $3; n++)); do
        id=$(bench_id "$n")
        {
            echo "-- revision: $id"
            [ "$n" = 1 ] || echo "-- revises: $(bench_id $((n - 1)))"
            printf -- '-- message: revision %d\n\n-- migrate:up\n' "$n"
            bench_sql "$n"
        } >"$versions/${id}_revision.sql"
    done
}

# make_plain FOLDER FIRST LAST
make_plain() {
    local n
    mkdir -p "$1"
    for ((n = $2; n <= $3; n++)); do
        bench_sql "$n" >"$1/$(bench_id "$n").sql"
    done
}

# make_alembic FOLDER FIRST LAST: the database comes from the environment variable BENCH_URL
make_alembic() {
    local n down=None
    mkdir -p "$1/script/versions"
    printf '[alembic]\nscript_location = %s/script\n' "$1" >"$1/alembic.ini"
    cat >"$1/script/env.py" <<'PY'
import os

from alembic import context
from sqlalchemy import create_engine
from sqlalchemy.pool import NullPool

with create_engine(os.environ["BENCH_URL"], poolclass=NullPool).connect() as connection:
    context.configure(connection=connection)
    with context.begin_transaction():
        context.run_migrations()
PY
    for ((n = $2; n <= $3; n++)); do
        [ "$n" = 1 ] || down="\"$(bench_id $((n - 1)))\""
        cat >"$1/script/versions/$(bench_id "$n")_revision.py" <<PY
"""revision $n"""
from alembic import op

revision = "$(bench_id "$n")"
down_revision = $down


def upgrade():
    op.execute("""$(bench_sql "$n")""")


def downgrade():
    pass
PY
    done
}
