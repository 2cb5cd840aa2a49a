"""Doing the sabotage: each kind in a transaction that is rolled back, and what the proof says of it."""

import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, pool, text
from sqlmodel import Session

from agency import tables
from agency.banking.proof import prove
from agency.kernel.unit import Door, Unit, Units
from portal.local.database import migrate
from portal.local.postgres import APPLICATION, OWNER, Postgres
from portal.local.servers import Servers
from portal.proving.kinds import KINDS, Sabotage
from portal.proving.seeded import seed

SUPERUSER = "postgres"
_DATABASE = "sabotage"


class NotGreenBefore(RuntimeError):
    """The books were red before anything was done to them, so nothing would show."""


class NothingToForge(RuntimeError):
    """A kind of sabotage found nothing that it could change."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one kind: the checks that turned red, none when it stayed unseen; and their labels."""

    name: str
    checks: tuple[str, ...]
    said: tuple[str, ...]
    blocks: bool

    @property
    def found(self) -> bool:
        """Whether a check turned red."""
        return bool(self.checks)


def on_own_server() -> list[Outcome]:
    """This function will seed a database on a server of its own in a temporary folder and sabotage it."""
    folder = Path(tempfile.mkdtemp(prefix="agency-sabotage-"))
    postgres = Postgres(folder, durable=False)
    servers = Servers(postgres, None)
    try:
        servers.start()
        postgres.ensure_database(_DATABASE)
        migrate(postgres.url(OWNER, _DATABASE))
        return sabotage(postgres.url(APPLICATION, _DATABASE), postgres.url(SUPERUSER, _DATABASE))
    finally:
        servers.stop()
        shutil.rmtree(folder, ignore_errors=True)


def sabotage(
    application_url: str, superuser_url: str, *, tell: Callable[[str], None] = lambda _: None
) -> list[Outcome]:
    """This function will seed an empty, migrated database and do every kind of sabotage to it.

    :raises NotGreenBefore: the seeded books do not prove.
    :raises NothingToForge: a kind found no row to change, so it would have been found by luck.
    """
    assert tables.metadata.tables
    with _engine(application_url) as engine:
        seed(Units(engine))
        with Units(engine).open(Door.STAFF, by="system:sabotage") as unit:
            red = [check for check in prove(unit, on=unit.today).checks if not check["holds"]]
    if red:
        raise NotGreenBefore(", ".join(f"{check['key']} {check['left_label']}" for check in red))
    with _engine(superuser_url) as engine:
        outcomes = []
        for kind in KINDS:
            tell(kind.name)
            outcomes.append(_try(engine, kind))
        return outcomes


@contextmanager
def _engine(url: str) -> Iterator[Engine]:
    engine = create_engine(url, poolclass=pool.NullPool, connect_args={"options": "-c timezone=UTC"})
    try:
        yield engine
    finally:
        engine.dispose()


def _try(engine: Engine, kind: Sabotage) -> Outcome:
    with engine.connect() as connection:
        connection.execute(text("SET LOCAL session_replication_role = replica"))
        changed = [connection.execute(text(statement)).rowcount for statement in kind.statements]
        if changed[0] == 0:
            raise NothingToForge(kind.name)
        red = [check for check in _prove(connection) if not check["holds"]]
        connection.rollback()
    return Outcome(
        kind.name,
        tuple(dict.fromkeys(check["key"] for check in red)),
        tuple(check["left_label"] for check in red),
        any(check["blocks"] for check in red),
    )


def _prove(connection: Connection) -> list[dict[str, Any]]:
    """Prove as staff within the saboteur's transaction, as the next proof would find the books."""
    connection.execute(
        text("SELECT set_config('app.agency', 'on', true), set_config('role', 'agency_staff', true)")
    )
    now = connection.execute(text("SELECT app.now()")).scalar_one()
    with Session(connection) as session:
        unit = Unit(session=session, now=now, door=Door.STAFF, by="system:sabotage")
        return prove(unit, on=unit.today).checks
