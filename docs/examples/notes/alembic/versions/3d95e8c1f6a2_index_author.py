"""index author"""
from alembic import op

revision = "3d95e8c1f6a2"
down_revision = "2b7f31aa04c8"


def upgrade():
    op.execute("CREATE INDEX notes_author ON notes (author)")


def downgrade():
    op.execute("DROP INDEX notes_author")
