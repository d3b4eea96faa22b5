"""Alembic's entry: runs the revisions on the connection that `store.schema` opened."""

from alembic import context

from animelabel_widgets.tables import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
)
with context.begin_transaction():
    context.run_migrations()
