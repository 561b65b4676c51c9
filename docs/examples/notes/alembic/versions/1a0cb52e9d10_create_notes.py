"""create notes"""
from alembic import op

revision = "1a0cb52e9d10"
down_revision = None


def upgrade():
    op.execute("CREATE TABLE notes (id INTEGER PRIMARY KEY, body TEXT NOT NULL)")


def downgrade():
    op.execute("DROP TABLE notes")
