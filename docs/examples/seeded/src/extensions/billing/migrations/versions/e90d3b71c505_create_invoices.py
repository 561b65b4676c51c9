"""create invoices

Revision ID: e90d3b71c505
Revises:
Create Date: 2025-05-05 10:00:00

"""
import sqlalchemy as sa
from alembic import op

revision = "e90d3b71c505"
down_revision = None
branch_labels = ("ext_billing",)
depends_on = None


def upgrade():
    op.create_table(
        "billing_invoices",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("customer_id", sa.Integer, sa.ForeignKey("customers.id"), nullable=False),
        sa.Column("cents", sa.Integer, nullable=False),
    )


def downgrade():
    op.drop_table("billing_invoices")
