"""Run by Alembic for each upgrade, on the connection that the upgrade brings."""

from alembic import context

from burnish.storage.tables import metadata
from burnish.storage.tables.search import is_described

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=metadata,
    render_as_batch=True,
    compare_type=True,
    compare_server_default=True,
    include_name=is_described,
)
context.run_migrations()
