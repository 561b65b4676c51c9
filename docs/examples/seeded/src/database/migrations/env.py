"""Core's versions, or those of the extension that ALEMBIC_EXTENSION names; a version table each."""
import os

from alembic import context
from sqlalchemy import create_engine

extension = os.environ.get("ALEMBIC_EXTENSION")
table = f"alembic_version_{extension}" if extension else "alembic_version"
with create_engine(context.config.get_main_option("sqlalchemy.url")).connect() as connection:
    context.configure(connection=connection, version_table=table)
    with context.begin_transaction():
        context.run_migrations()
