"""The newest migrations can be taken back, and leave the schema that they made when they run again."""

import re
import subprocess
from itertools import islice

import pytest
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, pool

from alembic import command
from portal.local.database import alembic_config
from portal.local.postgres import OWNER
from tests.conftest import TEMPLATE

NAME = "tests_taken_back"


NEWEST = 3  # only these may have to be taken back one day, and each costs a second


def revisions() -> list[str]:
    """The newest first."""
    walked = ScriptDirectory.from_config(alembic_config()).walk_revisions()
    return [one.revision for one in islice(walked, NEWEST)]


@pytest.fixture
def owner(run_servers, worker_number):
    """A connection of the owner to a migrated database of this test's own."""
    name = f"{NAME}_{worker_number}"
    run_servers.postgres.drop_database(name)
    run_servers.postgres.ensure_database(name, template=TEMPLATE)
    engine = create_engine(run_servers.postgres.url(OWNER, name), poolclass=pool.NullPool)
    with engine.connect() as connection:
        yield connection
    run_servers.postgres.drop_database(name)


def schema(run_servers, connection) -> list[str]:
    """What pg_dump says of the schema, a statement in a string, whatever the order of columns."""
    connection.rollback()
    url = connection.engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
    dumped = subprocess.run(
        [run_servers.postgres.program("pg_dump"), "--schema-only", "--no-comments", url],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    told = re.sub(r"^(--.*|\\(un)?restrict .*)\n", "", dumped.stdout, flags=re.MULTILINE)
    return sorted("\n".join(sorted(one.replace(",\n", "\n").splitlines())) for one in told.split("\n\n"))


def test_each_is_taken_back_and_made_again(run_servers, owner):
    config = alembic_config()
    config.attributes["connection"] = owner
    changed = {}
    for revision in revisions():
        made = schema(run_servers, owner)
        command.downgrade(config, "-1")
        command.upgrade(config, revision)
        again = schema(run_servers, owner)
        if made != again:
            changed[revision] = [sorted(set(made) - set(again)), sorted(set(again) - set(made))]
        command.downgrade(config, "-1")
    assert changed == {}
