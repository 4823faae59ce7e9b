"""Alembic's entry: runs the steps on the connection that `models.schema` opened, in its transaction."""

from alembic import context

from models.schema import everything

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=everything(),
    render_as_batch=True,
    compare_type=True,
)
context.run_migrations()
