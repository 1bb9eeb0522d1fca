"""Runs the migrations on the connection that :mod:`pipelines.migrate` hands over."""

from alembic import context

from pipelines.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transactional_ddl=True,
    render_as_batch=True,
)
# The caller's transaction holds it all: a cut migration leaves the database as it was.
context.run_migrations()
