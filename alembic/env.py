"""Runs migrations as the owner of the tables."""

from sqlalchemy import create_engine, pool

from agency.kernel.settings import settings
from agency.tables import metadata
from alembic import context


def include_object(obj: object, name: str | None, kind: str, reflected: bool, compare_to: object) -> bool:
    """Leave alembic's own table out of comparisons."""
    return not (kind == "table" and name == "alembic_version")


def run() -> None:
    """Run on the connection handed over by the caller, else on the owner's URL from the settings."""
    connection = context.config.attributes.get("connection")
    if connection is not None:
        _migrate(connection)
        return
    engine = create_engine(settings().owner_url, poolclass=pool.NullPool)
    with engine.connect() as own:
        _migrate(own)


def _migrate(connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=metadata,
        include_object=include_object,
        compare_type=True,
        transaction_per_migration=True,
    )
    with context.begin_transaction():
        context.run_migrations()


run()
