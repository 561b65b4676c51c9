"""upper case countries

Revision ID: a3f1c6d8e703
Revises: 7c20e9f45b02
Create Date: 2025-04-22 08:30:00

"""
import sqlalchemy as sa
from alembic import op

revision = "a3f1c6d8e703"
down_revision = "7c20e9f45b02"
branch_labels = None
depends_on = None


def upgrade():
    connection = op.get_bind()
    for row in connection.execute(sa.text("SELECT id, country FROM customers")).fetchall():
        connection.execute(
            sa.text("UPDATE customers SET country = :country WHERE id = :id"),
            {"country": row.country and row.country.upper(), "id": row.id},
        )


def downgrade():
    pass
