"""The schema of a database: migrated to the newest revision by the owner of its tables."""

from alembic.config import Config
from sqlalchemy import create_engine, inspect, pool

from alembic import command
from portal.local.places import PROJECT


def alembic_config() -> Config:
    """This function will return Alembic's configuration, read from `pyproject.toml`."""
    return Config(toml_file=PROJECT / "pyproject.toml")


def migrate(owner_url: str) -> bool:
    """This function will bring the schema to the newest revision.

    :param owner_url: SQLAlchemy URL of the role that owns the tables.
    :returns: whether the database was empty before.
    """
    engine = create_engine(owner_url, poolclass=pool.NullPool)
    with engine.connect() as connection:
        new = not inspect(connection).has_table("alembic_version")
        connection.rollback()
        config = alembic_config()
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
    return new
