"""One request or job is one transaction: opened here, committed here, nowhere else.

Every transaction enters through a door: a database role with its own row-level rights, plus the
creditor, claim or debtor that it is confined to. The same round trip reads the one clock.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from uuid import UUID
from zoneinfo import ZoneInfo

import psycopg
from psycopg.pq import Escaping, ExecStatus, TransactionStatus
from sqlalchemy import Engine, create_engine, event, text
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session

AGENCY_ZONE = ZoneInfo("Europe/Amsterdam")
BULK_WORK_MEMORY = "64MB"
"""What a step of a statement may sort or hash in memory in a bulk transaction, of which few run at once."""

_ENTER_SQL = (
    "SELECT set_config('app.creditor_id', :creditor, true), set_config('app.claim_id', :claim, true),"
    " set_config('app.debtor_id', :debtor, true), set_config('app.agency', :agency, true),"
    " set_config('role', :role, true), CAST(extract(epoch FROM app.now()) * 1000000 AS bigint)"
)
_ENTER = text(_ENTER_SQL)
_NAME = re.compile(rb":(\w+)\b")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Door(StrEnum):
    """Who comes in; each is a database role `agency_<door>` that row-level security knows."""

    GATE = "gate"  # before anybody is known: sign-in, links, webhooks
    CREDITOR = "creditor"
    DEBTOR = "debtor"
    STAFF = "staff"
    WORKER = "worker"
    ERASER = "eraser"  # changes personal columns only, of the one item of an approved run that it names


# What runs in a unit asks for its day many times.
@lru_cache(maxsize=256)
def agency_day(moment: datetime) -> date:
    """This function will return the agency's calendar day (Europe/Amsterdam) of a moment that has a zone."""
    return moment.astimezone(AGENCY_ZONE).date()


@dataclass(frozen=True, slots=True)
class Unit:
    """A running transaction: its session, the present moment, and who acts through which door.

    `by` names the actor for history and audit: `user:<id>`, `debtor:<id>` or `system:<what>`.
    """

    session: Session
    now: datetime
    door: Door
    by: str
    creditor_id: UUID | None = None
    claim_id: UUID | None = None

    @property
    def today(self) -> date:
        """The agency's calendar day (Europe/Amsterdam)."""
        return agency_day(self.now)

    def allow_long_statements(self, minutes: int = 30) -> None:
        """This function will raise the limits of a statement, and of the time between two while a large file
        is read, for the rest of a bulk transaction, give it more memory, and have everything planned anew.

        A connection keeps its plans, also those by which keys are looked up: one that was made while a table
        had few rows reads all of it for each row of a large file.
        """
        self.session.connection().execute(text("DISCARD PLANS"))
        self.session.connection().execute(
            text(
                "SELECT set_config('statement_timeout', :limit, true),"
                " set_config('idle_in_transaction_session_timeout', :limit, true),"
                " set_config('work_mem', :memory, true)"
            ),
            {"limit": f"{minutes}min", "memory": BULK_WORK_MEMORY},
        )


class Units:
    """Opens units on one database; the web process, the worker and the CLI each hold one."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    @contextmanager
    def open(
        self,
        door: Door,
        *,
        by: str,
        creditor_id: UUID | None = None,
        claim_id: UUID | None = None,
        debtor_id: UUID | None = None,
    ) -> Iterator[Unit]:
        """This function will run the block in one transaction: commit at its end, roll back on any error.

        Staff and workers see every creditor; a creditor or debtor door without its ids sees nothing.
        """
        values = {
            "creditor": str(creditor_id or ""),
            "claim": str(claim_id or ""),
            "debtor": str(debtor_id or ""),
            "agency": "on" if door in (Door.STAFF, Door.WORKER) else "",
            "role": f"agency_{door.value}",
        }
        with Session(self.engine, expire_on_commit=False) as session:
            now = _enter(session, values)
            yield Unit(session=session, now=now, door=door, by=by, creditor_id=creditor_id, claim_id=claim_id)
            session.commit()


def _enter(session: Session, values: dict[str, str]) -> datetime:
    """Go through the door, on a new connection when the pool's had died: nothing was done on it yet.

    So no connection has to be tried out beforehand, which would cost every unit a round trip.
    """
    now = _enter_at_once(session, values)
    if now is not None:
        return now
    try:
        row = session.connection().execute(_ENTER, values).one()
    except DBAPIError as error:
        if not error.connection_invalidated:
            raise
        session.rollback()
        row = session.connection().execute(_ENTER, values).one()
    return _moment(row[-1])


def _enter_at_once(session: Session, values: dict[str, str]) -> datetime | None:
    """Begin and go through the door in one round trip, past the layers above the driver, which take longer
    than all else that a short unit does; None where anything is wrong, which the usual way then meets and
    says."""
    connection = session.connection().connection.driver_connection
    assert isinstance(connection, psycopg.Connection)
    server = connection.pgconn
    if server.transaction_status != TransactionStatus.IDLE:
        return None
    quote = Escaping(server).escape_literal
    written = {name: bytes(quote(value.encode())) for name, value in values.items()}
    result = server.exec_(b"BEGIN; " + _NAME.sub(lambda name: written[name[1].decode()], _ENTER_SQL.encode()))
    if result.status == ExecStatus.TUPLES_OK:
        return _moment(int(result.get_value(0, result.nfields - 1) or b""))
    if server.transaction_status == TransactionStatus.INERROR:
        connection.rollback()
    return None


def _moment(microseconds: int) -> datetime:
    return _EPOCH + timedelta(microseconds=microseconds)


@lru_cache(maxsize=4)
def engine_for(url: str, pool_size: int = 20) -> Engine:
    """This function will return the process's one engine for a database URL.

    Timeouts are part of the contract: no statement, lock wait or idle transaction is unbounded.
    """
    engine = create_engine(
        url,
        pool_size=pool_size,
        max_overflow=5,
        pool_timeout=5,
        pool_use_lifo=True,  # few connections that know most statements, rather than all knowing some
        hide_parameters=True,  # what a failed statement carried is about people, and errors are logged
        connect_args={
            "connect_timeout": 5,
            "options": "-c statement_timeout=120s -c lock_timeout=10s"
            # A large file is staged in a temporary table of a hundred megabytes; others take none of it.
            " -c idle_in_transaction_session_timeout=60s -c timezone=UTC -c temp_buffers=128MB",
        },
    )
    event.listen(engine, "connect", _keep_statements)
    return engine


def _keep_statements(connection: psycopg.Connection, _record: object) -> None:
    # A process has more statements than psycopg's hundred, and would plan them over and over.
    connection.prepared_max = 400
