"""create customers

Revision ID: 4b1d77aa20e1
Revises:
Create Date: 2025-02-03 09:15:00

"""
import sqlalchemy as sa
from alembic import op

revision = "4b1d77aa20e1"
down_revision = None
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(
        "customers",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column("country", sa.String(2)),
    )


def downgrade():
    op.drop_table("customers")
