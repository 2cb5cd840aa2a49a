"""Fetching what is open: a page at a time, each kept with the place to go on, counted when all is there.

The vendors tell what is outstanding, whole. So an invoice that a whole pass did not see is open no more, and
a pass that ended half-way says nothing about any.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import structlog
from sqlalchemy import text
from sqlmodel import col, select

from agency.bookkeeping.access import BY, Books, NotConnected, note_busy
from agency.bookkeeping.connecting import connection_of
from agency.bookkeeping.models import (
    BookkeepingConnection,
    BookkeepingFetch,
    ConnectionState,
    FetchProblem,
    FetchState,
)
from agency.events import BookkeepingFetched, FetchAsked
from agency.kernel.emitting import emit, nudge
from agency.kernel.errors import Conflict, Invalid, NotFound
from agency.kernel.ids import new_id
from agency.kernel.locks import take_turns
from agency.kernel.outbox import renew_lease
from agency.kernel.ports import Ports
from agency.kernel.unit import Door, Unit, Units
from agency.ports.providers import ProviderRefused, ProviderTransient
from agency.ports.providers.bookkeeping import BookedCustomer, BookedItem, BookPage

log = structlog.get_logger()
WhenDone = Callable[[Unit, BookkeepingFetch], None]
LEASE_SECONDS: Final = 120
FAILURES_MAX: Final = 12
"""So often in a row a silent vendor is asked again, ever later; about half a day."""
_LATER_SECONDS: Final = (60, 120, 300, 600, 1_800, 3_600)
_TERM_DAYS: Final = 30  # as the intake takes a missing due date (Directive 2011/7/EU art. 3(3)(b))
_CUSTOMERS_AGAIN: Final = timedelta(days=1)  # clocks differ, and a change may have been under way

_CUSTOMERS: Final = text(
    "INSERT INTO booked_customer (creditor_id, id, connection_id, ref, number, name, street, postal_code,"
    " city, country, email, phone, vat_number, registration_number)"
    " SELECT :c, uuidv7(), :connection, r.ref, r.number, r.name, r.street, r.postal_code, r.city, r.country,"
    "  r.email, r.phone, r.vat_number, r.registration_number"
    " FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(ref text, number text, name text, street text,"
    "  postal_code text, city text, country text, email text, phone text, vat_number text,"
    "  registration_number text)"
    # Of relations that owe nothing, nothing is kept.
    " WHERE EXISTS (SELECT FROM booked_invoice b WHERE b.creditor_id = :c AND b.connection_id = :connection"
    "  AND b.customer_ref = r.ref)"
    " ON CONFLICT (creditor_id, connection_id, ref) DO UPDATE SET number = excluded.number,"
    " name = excluded.name, street = excluded.street, postal_code = excluded.postal_code,"
    " city = excluded.city, country = excluded.country, email = excluded.email, phone = excluded.phone,"
    " vat_number = excluded.vat_number, registration_number = excluded.registration_number"
)
_ITEMS: Final = text(
    "INSERT INTO booked_invoice AS b (creditor_id, id, connection_id, ref, number, customer_ref,"
    " customer_name, issued_on, due_on, currency, open_minor, total_minor, credited_minor, credits, pass_id,"
    " pass_lines, document, first_seen_at)"
    " SELECT :c, uuidv7(), :connection, r.ref, r.number, r.customer_ref, r.customer_name, r.issued_on,"
    "  r.due_on, r.currency, 0, r.total_minor, r.credited_minor, r.credits, :pass, r.lines, 'none', :now"
    " FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(ref text, number text, customer_ref text,"
    "  customer_name text, issued_on date, due_on date, currency text, total_minor bigint,"
    "  credited_minor bigint, credits text, lines jsonb)"
    # Of a claim whose file was erased: nothing comes back because the books still list it.
    " WHERE NOT EXISTS (SELECT FROM booked_invoice e WHERE e.creditor_id = :c"
    "  AND e.connection_id = :connection"
    "  AND e.ref = 'erased-' || encode(sha256(convert_to(r.ref, 'UTF8')), 'hex'))"
    " ON CONFLICT (creditor_id, connection_id, ref) DO UPDATE SET number = excluded.number,"
    " customer_ref = excluded.customer_ref, customer_name = excluded.customer_name,"
    " issued_on = excluded.issued_on, due_on = CASE WHEN b.pass_id = excluded.pass_id"
    "  THEN least(b.due_on, excluded.due_on) ELSE excluded.due_on END,"
    " currency = excluded.currency, total_minor = excluded.total_minor,"
    " credited_minor = excluded.credited_minor, credits = excluded.credits, pass_id = excluded.pass_id,"
    # A line that is told twice in one pass counts once.
    " pass_lines = CASE WHEN b.pass_id = excluded.pass_id THEN b.pass_lines || excluded.pass_lines"
    "  ELSE excluded.pass_lines END"
)
_CONCLUDE: Final = text(
    "UPDATE booked_invoice b SET pass_lines = '{}', open_minor = CASE WHEN b.pass_id = :pass THEN"
    " (SELECT coalesce(sum(CAST(l.value AS bigint)), 0) FROM jsonb_each_text(b.pass_lines) l) ELSE 0 END"
    " WHERE b.creditor_id = :c AND b.connection_id = :connection"
    " AND (b.pass_id = :pass OR b.open_minor <> 0 OR b.pass_lines <> '{}')"
)
# What was handed over otherwise, by a file or a form, is the same claim: by its number, and by whom it is of.
_KNOWN: Final = text(
    "UPDATE booked_invoice b SET claim_id = i.claim_id, told_minor = b.open_minor,"
    " told_credited_minor = b.credited_minor FROM invoice i JOIN claim c ON c.creditor_id = i.creditor_id"
    " AND c.id = i.claim_id JOIN debtor d ON d.creditor_id = c.creditor_id AND d.id = c.debtor_id"
    " WHERE b.creditor_id = :c AND b.connection_id = :connection AND b.claim_id IS NULL AND b.number <> ''"
    " AND b.open_minor > 0 AND i.creditor_id = b.creditor_id AND i.number = b.number AND i.kind = 'invoice'"
    " AND (lower(d.name) = lower(b.customer_name) OR EXISTS (SELECT FROM booked_customer k"
    "  WHERE k.creditor_id = b.creditor_id AND k.connection_id = b.connection_id"
    "  AND k.ref = b.customer_ref AND k.number <> '' AND k.number = d.reference))"
)
# `NOT IN` in the two that compare customers with invoices: of a creditor that is new the database has no
# figures, takes its rows for one, and would hold each against each where `NOT EXISTS` lets it.
# What is paid and no claim is nobody's business any more, and neither is who owes nothing.
_PAID: Final = text(
    "DELETE FROM booked_invoice WHERE creditor_id = :c AND connection_id = :connection AND open_minor = 0"
    " AND claim_id IS NULL"
)
_OWES_NOTHING: Final = text(
    "DELETE FROM booked_customer k WHERE k.creditor_id = :c AND k.connection_id = :connection"
    " AND k.ref NOT IN (SELECT b.customer_ref FROM booked_invoice b WHERE b.creditor_id = :c"
    "  AND b.connection_id = :connection)"
)
_STRANGERS: Final = text(
    "SELECT EXISTS (SELECT FROM booked_invoice b WHERE b.creditor_id = :c AND b.connection_id = :connection"
    " AND b.pass_id = :pass AND b.customer_ref NOT IN (SELECT k.ref FROM booked_customer k"
    "  WHERE k.creditor_id = :c AND k.connection_id = :connection))"
)


def ask_fetch(unit: Unit, *, creditor_id: UUID, connection_id: UUID) -> UUID:
    """This function will have everything that is open fetched by a job; one that runs goes on.

    :raises NotFound: no such connection.
    :raises Conflict: the vendor lets us in no more.
    :raises Invalid: no administration was chosen yet.
    """
    take_turns(unit, "bookkeeping-fetch", creditor_id, connection_id)
    connection = connection_of(unit, creditor_id=creditor_id, connection_id=connection_id)
    if connection.state != ConnectionState.CONNECTED:
        raise Conflict("the bookkeeping lets us in no more; connect again")
    if not connection.administration:
        raise Invalid("choose an administration first", field="administration")
    going_on = unit.session.exec(
        select(BookkeepingFetch.id).where(
            BookkeepingFetch.creditor_id == creditor_id,
            BookkeepingFetch.connection_id == connection_id,
            col(BookkeepingFetch.state).in_((FetchState.RUNNING, FetchState.WAITING)),
        )
    ).first()
    if going_on is not None:
        return going_on
    last = last_fetch(unit, creditor_id=creditor_id, connection_id=connection_id, state=FetchState.DONE)
    fetch = BookkeepingFetch(
        creditor_id=creditor_id,
        id=new_id(),
        connection_id=connection_id,
        expected=last.items if last else 0,
        started_at=unit.now,
        started_by=unit.by,
    )
    unit.session.add(fetch)
    unit.session.flush()
    emit(unit, FetchAsked(creditor_id=creditor_id, fetch_id=fetch.id))
    return fetch.id


def last_fetch(
    unit: Unit, *, creditor_id: UUID, connection_id: UUID, state: FetchState | None = None
) -> BookkeepingFetch | None:
    """This function will return the newest fetch of a connection, or the newest in a state."""
    wanted = select(BookkeepingFetch).where(
        BookkeepingFetch.creditor_id == creditor_id, BookkeepingFetch.connection_id == connection_id
    )
    if state is not None:
        wanted = wanted.where(BookkeepingFetch.state == state)
    return unit.session.exec(wanted.order_by(col(BookkeepingFetch.started_at).desc()).limit(1)).first()


def cancel_fetch(unit: Unit, *, creditor_id: UUID, connection_id: UUID) -> None:
    """This function will stop a fetch; what was known before it stays as it was.

    :raises Conflict: none is going on (any more).
    """
    cancelled = unit.session.connection().execute(
        text(
            "UPDATE bookkeeping_fetch SET state = 'cancelled', ended_at = :now WHERE creditor_id = :c"
            " AND connection_id = :connection AND state IN ('running', 'waiting')"
        ),
        {"c": creditor_id, "connection": connection_id, "now": unit.now},
    )
    if cancelled.rowcount != 1:
        raise Conflict("nothing is being fetched any more")
    tell(unit, creditor_id, connection_id)


def tell(unit: Unit, creditor_id: UUID, connection_id: UUID) -> None:
    """This function will have open pages look again."""
    nudge(unit, [BookkeepingFetched(creditor_id=creditor_id, connection_id=connection_id)])


@dataclass(frozen=True)
class _Begun:
    """What the next page needs: where it goes on, whose it is, and since when customers matter."""

    cursor: str
    connection: BookkeepingConnection
    since: datetime | None


class Fetching:
    """One pass, from wherever an earlier run came.

    `when_done` belongs to the transaction in which the pass ends: what follows is kept or lost with it.
    """

    def __init__(
        self, units: Units, ports: Ports, *, creditor_id: UUID, fetch_id: UUID, when_done: WhenDone
    ) -> None:
        self.units = units
        self.when_done = when_done
        self.ports = ports
        self.creditor_id = creditor_id
        self.fetch_id = fetch_id

    def run(self) -> None:
        """This function will fetch page after page until all is there, the vendor asks for patience, or
        somebody cancels."""
        while (begun := self._begin()) is not None:
            connection = begun.connection
            port = self.ports.bookkeeping.get(connection.vendor)
            if port is None:
                self._end(FetchState.FAILED, FetchProblem.REFUSED)
                return
            books = Books(self.units, port, creditor_id=self.creditor_id, connection_id=connection.id)
            cursor, since = begun.cursor, begun.since
            administration = connection.administration
            try:
                page = books.ask(
                    lambda tokens, port=port, cursor=cursor, since=since, code=administration: port.page(  # type: ignore[misc]
                        tokens, administration=code, cursor=cursor, customers_since=since
                    )
                )
            except NotConnected:
                self._end(FetchState.FAILED, FetchProblem.REVOKED)
                return
            except ProviderRefused as refused:
                log.warning("bookkeeping.refused", fetch=str(self.fetch_id), code=refused.code)
                self._end(FetchState.FAILED, FetchProblem.REFUSED)
                return
            except ProviderTransient as silent:
                self._wait(silent)
                return
            self._keep(page, cursor)

    def _begin(self) -> _Begun | None:
        with self.units.open(Door.WORKER, by=BY) as unit:
            renew_lease(unit, seconds=LEASE_SECONDS)
            fetch = self._fetch(unit)
            if fetch is None or fetch.state != FetchState.RUNNING:
                return None
            try:
                connection = connection_of(
                    unit, creditor_id=self.creditor_id, connection_id=fetch.connection_id
                )
            except NotFound:
                return None
            strangers = unit.session.connection().execute(
                _STRANGERS,
                {"c": self.creditor_id, "connection": fetch.connection_id, "pass": fetch.id},
            )
            # Whose customer is new may not have changed for years: then all are asked for.
            since = None if strangers.scalar_one() else connection.customers_since
            return _Begun(fetch.cursor, connection, since)

    def _fetch(self, unit: Unit) -> BookkeepingFetch | None:
        return unit.session.exec(
            select(BookkeepingFetch)
            .where(BookkeepingFetch.creditor_id == self.creditor_id, BookkeepingFetch.id == self.fetch_id)
            .with_for_update()
            .execution_options(populate_existing=True)
        ).one_or_none()

    def _keep(self, page: BookPage, cursor: str) -> None:
        """Keep a page together with where to go on; one that another worker kept meanwhile is dropped."""
        with self.units.open(Door.WORKER, by=BY) as unit:
            renew_lease(unit, seconds=LEASE_SECONDS)
            fetch = self._fetch(unit)
            if fetch is None or fetch.state != FetchState.RUNNING or fetch.cursor != cursor:
                return
            _keep_items(unit, fetch, page.items)
            _keep_customers(unit, fetch, page.customers)
            fetch.pages, fetch.items = fetch.pages + 1, fetch.items + len(page.items)
            fetch.failures, fetch.problem = 0, FetchProblem.NONE
            if page.cursor is None:
                self._conclude(unit, fetch)
            else:
                fetch.cursor = page.cursor
                # How many there are is not told; the last time is the best guess.
                fetch.percent = max(fetch.percent, min(95, 100 * fetch.items // max(1, fetch.expected)))
                if not fetch.expected:
                    fetch.percent = 0
                if page.pause_seconds:
                    fetch.state, fetch.problem = FetchState.WAITING, FetchProblem.LIMIT
                    fetch.wait_until = unit.now + timedelta(seconds=page.pause_seconds)
            unit.session.flush()
            tell(unit, self.creditor_id, fetch.connection_id)

    def _conclude(self, unit: Unit, fetch: BookkeepingFetch) -> None:
        unit.allow_long_statements()
        values = {"c": self.creditor_id, "connection": fetch.connection_id, "pass": fetch.id}
        for statement in (_CONCLUDE, _KNOWN, _PAID, _OWES_NOTHING):
            unit.session.connection().execute(statement, values)
        connection = connection_of(unit, creditor_id=self.creditor_id, connection_id=fetch.connection_id)
        connection.fetched_at = unit.now
        connection.customers_since = fetch.started_at - _CUSTOMERS_AGAIN
        fetch.state, fetch.percent, fetch.ended_at = FetchState.DONE, 100, unit.now
        self.when_done(unit, fetch)

    def _wait(self, silent: ProviderTransient) -> None:
        with self.units.open(Door.WORKER, by=BY) as unit:
            fetch = self._fetch(unit)
            if fetch is None or fetch.state != FetchState.RUNNING:
                return
            limited = silent.retry_after is not None
            fetch.failures += 0 if limited else 1
            if fetch.failures > FAILURES_MAX:
                fetch.state, fetch.ended_at = FetchState.FAILED, unit.now
            else:
                later = _LATER_SECONDS[min(fetch.failures, len(_LATER_SECONDS)) - 1]
                fetch.state = FetchState.WAITING
                seconds = min(86_400, max(1, silent.retry_after)) if silent.retry_after else later
                fetch.wait_until = unit.now + timedelta(seconds=seconds)
            fetch.problem = FetchProblem.LIMIT if limited else FetchProblem.SILENT
            unit.session.flush()
            if silent.retry_after:
                note_busy(
                    unit, creditor_id=self.creditor_id, connection_id=fetch.connection_id,
                    seconds=silent.retry_after,
                )  # fmt: skip
            tell(unit, self.creditor_id, fetch.connection_id)

    def _end(self, state: FetchState, problem: FetchProblem) -> None:
        with self.units.open(Door.WORKER, by=BY) as unit:
            fetch = self._fetch(unit)
            if fetch is None or fetch.state not in (FetchState.RUNNING, FetchState.WAITING):
                return
            fetch.state, fetch.problem, fetch.ended_at = state, problem, unit.now
            unit.session.flush()
            tell(unit, self.creditor_id, fetch.connection_id)


def _keep_customers(unit: Unit, fetch: BookkeepingFetch, customers: tuple[BookedCustomer, ...]) -> None:
    rows = {one.ref: {name: getattr(one, name) for name in one.__slots__} for one in customers}
    if rows:
        values = {"c": fetch.creditor_id, "connection": fetch.connection_id}
        unit.session.connection().execute(_CUSTOMERS, {**values, "rows": json.dumps(list(rows.values()))})


def _keep_items(unit: Unit, fetch: BookkeepingFetch, items: tuple[BookedItem, ...]) -> None:
    rows: dict[str, dict[str, Any]] = {}
    for item in items:
        issued = item.issued_on or item.due_on or unit.today
        due = item.due_on or issued + timedelta(days=_TERM_DAYS)
        row = rows.setdefault(
            item.ref,
            {
                "ref": item.ref, "number": item.number, "customer_ref": item.customer_ref,
                "customer_name": item.customer_name, "currency": item.open.currency, "credits": item.credits,
                "issued_on": str(issued), "due_on": str(due), "lines": {},
                "total_minor": item.total.minor if item.total else None,
                "credited_minor": item.credited.minor if item.credited is not None else None,
            },
        )  # fmt: skip
        row["due_on"] = min(row["due_on"], str(due))
        row["lines"][item.line] = item.open.minor
    if rows:
        unit.session.connection().execute(
            _ITEMS,
            {
                "c": fetch.creditor_id, "connection": fetch.connection_id, "pass": fetch.id, "now": unit.now,
                "rows": json.dumps(list(rows.values())),
            },
        )  # fmt: skip
