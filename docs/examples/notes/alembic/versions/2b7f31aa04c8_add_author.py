"""add author"""
from alembic import op

revision = "2b7f31aa04c8"
down_revision = "1a0cb52e9d10"


def upgrade():
    op.execute("ALTER TABLE notes ADD COLUMN author TEXT")


def downgrade():
    op.execute("ALTER TABLE notes DROP COLUMN author")
