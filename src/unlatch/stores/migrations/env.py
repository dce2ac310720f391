"""Alembic starts here. Everything is decided by who opened the connection: which database,
which transaction (`unlatch.stores.sql.schema.migrate`).
"""

from alembic import context

from unlatch.stores.sql.schema import VERSION_TABLE
from unlatch.stores.sql.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    version_table=VERSION_TABLE,
    # A host's tables in the same database are none of our business.
    include_name=lambda name, kind, _: kind != "table" or str(name).startswith("unlatch_"),
    # Beware: on SQLite a batch drops and recreates its table, and with foreign keys on, the
    # drop takes every row that points there along. Who opens the connection turns them off.
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
