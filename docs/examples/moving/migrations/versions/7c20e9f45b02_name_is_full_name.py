"""name is full name

Revision ID: 7c20e9f45b02
Revises: 4b1d77aa20e1
Create Date: 2025-03-10 14:00:00

"""
import sqlalchemy as sa
from alembic import op

revision = "7c20e9f45b02"
down_revision = "4b1d77aa20e1"
branch_labels = None
depends_on = None


def upgrade():
    with op.batch_alter_table("customers") as batch:
        batch.alter_column("name", new_column_name="full_name", existing_type=sa.String(80), existing_nullable=False)
        batch.add_column(sa.Column("vip", sa.Boolean, nullable=False, server_default=sa.false()))


def downgrade():
    with op.batch_alter_table("customers") as batch:
        batch.drop_column("vip")
        batch.alter_column("full_name", new_column_name="name", existing_type=sa.String(80), existing_nullable=False)
