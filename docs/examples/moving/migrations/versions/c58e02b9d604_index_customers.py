"""index customers

Revision ID: c58e02b9d604
Revises: a3f1c6d8e703
Create Date: 2025-06-01 16:45:00

"""
from alembic import op

revision = "c58e02b9d604"
down_revision = "a3f1c6d8e703"
branch_labels = None
depends_on = None


def upgrade():
    with op.get_context().autocommit_block():
        op.create_index("customers_country", "customers", ["country"], postgresql_concurrently=True)


def downgrade():
    op.drop_index("customers_country", table_name="customers")
