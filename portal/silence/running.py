"""A run on a server of its own: a database made for it, lived through, audited and thrown away."""

import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, cast

import psycopg
from sqlalchemy import create_engine, pool

from agency import tables
from agency.communication import values
from agency.communication.pay_links import install_pay_links
from agency.communication.templates import publish_templates
from agency.kernel.emitting import install_reactions
from agency.kernel.ports import Ports, install_ports
from agency.kernel.settings import Settings
from agency.kernel.unit import Door, Units
from agency.reactions import REACTIONS
from agency.treatment.paths import publish_paths
from portal.local.database import migrate
from portal.local.postgres import OWNER, Postgres
from portal.local.servers import Servers
from portal.silence.audit import Count, count_faults
from portal.silence.days import BY, Days, PostOffice, Size
from portal.silence.guards import Guard, without
from portal.silence.swapping import swapped
from portal.wiring import import_jobs

TEMPLATE = "silence_template"
Tell = Callable[[int, date, int], None]


@dataclass(frozen=True)
class Run:
    """What came of one run: the count, and how often something happened to a debt, by kind."""

    size: Size
    count: Count
    acts: dict[str, int] = field(default_factory=dict)


def together(size: Size, runs: Sequence[Run]) -> Run:
    """This function will add up what came of the worlds of one run."""
    count, acts = Count(), Counter[str]()
    for run in runs:
        count.add(run.count)
        acts.update(run.acts)
    return Run(size, count, dict(acts))


@contextmanager
def own_server() -> Iterator[Postgres]:
    """This function will start a PostgreSQL of its own with a migrated template, and throw it away."""
    assert tables.metadata.tables
    memory = Path("/dev/shm")  # noqa: S108 - a run's files need no disk
    folder = Path(tempfile.mkdtemp(prefix="agency-silence-", dir=memory if memory.is_dir() else None))
    postgres = Postgres(folder, durable=False)
    servers = Servers(postgres, None)
    try:
        servers.start()
        postgres.ensure_database(TEMPLATE)
        migrate(postgres.url(OWNER, TEMPLATE))
        yield postgres
    finally:
        servers.stop()
        shutil.rmtree(folder, ignore_errors=True)


def run_in(
    application_url: str,
    superuser: psycopg.Connection[Any],
    *,
    size: Size,
    guard: Guard | None = None,
    tell: Tell = lambda *_: None,
) -> Run:
    """This function will live through one run in an empty, migrated database and audit what left.

    :param superuser: a connection to the same database; it gathers statistics, and takes constraints away.
    """
    engine = create_engine(
        application_url, poolclass=pool.QueuePool, pool_size=2, connect_args={"options": "-c timezone=UTC"}
    )
    office = PostOffice()
    absent = cast(Any, None)
    ports = Ports(email=cast(Any, office), sms=cast(Any, office), letters=cast(Any, office), calls=absent,
                  payments=absent, renderer=absent, files=absent)  # fmt: skip
    _connect(ports)
    units = Units(engine)
    try:
        with units.open(Door.STAFF, by=BY) as unit:
            publish_templates(unit)
            publish_paths(unit)
        days = Days(
            units=units, ports=ports, office=office, settings=Settings(mode="development"), size=size,
            settle=lambda: superuser.execute("ANALYZE"),
        )  # fmt: skip
        # The codes on letters are drawings: they cost more than all else, and nobody reads them here.
        with swapped(values, "code_for", lambda **_: ("", True)), without(guard, superuser):
            diary = days.live(tell=tell)
        with units.open(Door.STAFF, by=BY) as unit:
            unit.allow_long_statements()
            return Run(size, count_faults(unit, diary), dict(diary.acts))
    finally:
        engine.dispose()


def _connect(ports: Ports) -> None:
    """Wire this process as `portal.wiring` does, with a post office instead of providers."""
    import_jobs()
    install_ports(ports)
    install_reactions(REACTIONS)
    install_pay_links(lambda _, *, keys: {key: key[1].hex for key in keys})
