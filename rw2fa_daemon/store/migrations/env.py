"""What Alembic runs: the migrations, inside the transaction that the store began."""

from alembic import context

from rw2fa_daemon.store.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
