"""Letting the agency into a creditor's books, and out again."""

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import asdict
from datetime import timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import text
from sqlmodel import col, select

from agency.bookkeeping.models import BookkeepingConnection, ConnectionState
from agency.bookkeeping.sealing import seal
from agency.kernel.audit import record
from agency.kernel.errors import Conflict, Forbidden, Invalid, NotFound
from agency.kernel.ids import new_id
from agency.kernel.locks import take_turns
from agency.kernel.unit import Unit
from agency.ports.providers.bookkeeping import Administration, Tokens

CONSENT_MINUTES: Final = 15
OVERDUE_DAYS_MAX: Final = 3_650
CONNECTED: Final = "this bookkeeping is connected already"
STALE: Final = "this answer does not belong to a question of yours, or came too late; begin again"
_LIVE: Final = (ConnectionState.CONNECTED, ConnectionState.BROKEN)


def connections_of(unit: Unit, *, creditor_id: UUID) -> Sequence[BookkeepingConnection]:
    """This function will return a creditor's connections that work, or worked until the vendor said no."""
    return unit.session.exec(
        select(BookkeepingConnection)
        .where(BookkeepingConnection.creditor_id == creditor_id, col(BookkeepingConnection.state).in_(_LIVE))
        .order_by(col(BookkeepingConnection.started_at))
    ).all()


def connection_of(
    unit: Unit, *, creditor_id: UUID, connection_id: UUID, lock: bool = False
) -> BookkeepingConnection:
    """This function will return a creditor's connection that has not ended.

    :raises NotFound: there is none.
    """
    wanted = select(BookkeepingConnection).where(
        BookkeepingConnection.creditor_id == creditor_id,
        BookkeepingConnection.id == connection_id,
        col(BookkeepingConnection.state).in_(_LIVE),
    )
    if lock:
        wanted = wanted.with_for_update().execution_options(populate_existing=True)
    found = unit.session.exec(wanted).one_or_none()
    if found is None:
        raise NotFound("no such connection")
    return found


def begin_consent(unit: Unit, *, creditor_id: UUID, vendor: str, session_sha256: str) -> str:
    """This function will note that somebody goes to the vendor's page, and return what must come back.

    It counts once, for this session, for a quarter of an hour. A connection that the vendor ended is taken up
    again, with everything that was fetched.

    :raises Conflict: the bookkeeping is connected already.
    """
    row = _row_to_connect(unit, creditor_id, vendor)
    state = secrets.token_urlsafe(32)
    row.state_sha256, row.session_sha256 = _hashed(state), session_sha256
    row.consent_until = unit.now + timedelta(minutes=CONSENT_MINUTES)
    unit.session.flush()
    return state


def take_consent(unit: Unit, *, creditor_id: UUID, vendor: str, state: str, session_sha256: str) -> UUID:
    """This function will use up what came back from the vendor's page, and return the connection it is for.

    :raises Forbidden: it was not asked for by this session, came too late, or was used.
    """
    row = unit.session.exec(
        select(BookkeepingConnection)
        .where(
            BookkeepingConnection.creditor_id == creditor_id,
            BookkeepingConnection.vendor == vendor,
            BookkeepingConnection.state_sha256 == _hashed(state),
            col(BookkeepingConnection.state).in_((ConnectionState.CONSENT, ConnectionState.BROKEN)),
        )
        .with_for_update()
    ).one_or_none()
    late = row is not None and (row.consent_until is None or row.consent_until < unit.now)
    if not state or row is None or late or not secrets.compare_digest(row.session_sha256, session_sha256):
        raise Forbidden(STALE)
    row.state_sha256, row.session_sha256, row.consent_until = "", "", None
    unit.session.flush()
    return row.id


def begin_with_key(unit: Unit, *, creditor_id: UUID, vendor: str) -> UUID:
    """This function will return the connection that a key is for.

    :raises Conflict: the bookkeeping is connected already.
    """
    row = _row_to_connect(unit, creditor_id, vendor)
    unit.session.flush()
    return row.id


def _row_to_connect(unit: Unit, creditor_id: UUID, vendor: str) -> BookkeepingConnection:
    take_turns(unit, "bookkeeping", creditor_id, vendor)
    rows = unit.session.exec(
        select(BookkeepingConnection)
        .where(
            BookkeepingConnection.creditor_id == creditor_id,
            BookkeepingConnection.vendor == vendor,
            col(BookkeepingConnection.state) != ConnectionState.ENDED,
        )
        .with_for_update()
    ).all()
    if any(row.state == ConnectionState.CONNECTED for row in rows):
        raise Conflict(CONNECTED)
    row = next((row for row in rows if row.state == ConnectionState.BROKEN), None) or next(iter(rows), None)
    if row is None:
        row = BookkeepingConnection(
            creditor_id=creditor_id, id=new_id(), vendor=vendor, started_at=unit.now, started_by=unit.by
        )
        unit.session.add(row)
    return row


def keep_access(
    unit: Unit,
    *,
    creditor_id: UUID,
    connection_id: UUID,
    tokens: Tokens,
    administrations: Sequence[Administration],
    secret: str,
) -> None:
    """This function will keep what opens the books and what there is to choose from; one is chosen by itself.

    A connection that is taken up again keeps its administration, as long as it is still among them.

    :raises Invalid: there is nothing to choose from, or another administration than before.
    :raises Conflict: it was connected, or ended, meanwhile.
    """
    row = unit.session.exec(
        select(BookkeepingConnection)
        .where(BookkeepingConnection.creditor_id == creditor_id, BookkeepingConnection.id == connection_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one_or_none()
    if row is None or row.state not in (ConnectionState.CONSENT, ConnectionState.BROKEN):
        raise Conflict(CONNECTED)
    codes = [one.code for one in administrations]
    if not codes:
        raise Invalid("this user sees no administration there")
    if row.administration and row.administration not in codes:
        raise Invalid("this user does not see the administration that was connected; disconnect first")
    row.administrations = [asdict(one) for one in administrations]
    row.state, row.connected_at = ConnectionState.CONNECTED, unit.now
    keep_tokens(unit, creditor_id=creditor_id, connection_id=connection_id, tokens=tokens, secret=secret)
    if len(codes) == 1 and not row.administration:
        row.administration, row.administration_name = codes[0], administrations[0].name
    unit.session.flush()
    record(
        unit,
        action="bookkeeping.connected",
        subject=f"bookkeeping_connection:{row.id}",
        creditor_id=creditor_id,
        facts={"vendor": row.vendor},
    )


def keep_tokens(unit: Unit, *, creditor_id: UUID, connection_id: UUID, tokens: Tokens, secret: str) -> None:
    """This function will keep tokens, sealed, in place of earlier ones."""
    until = None if tokens.lives_seconds is None else unit.now + timedelta(seconds=tokens.lives_seconds)
    unit.session.connection().execute(
        text(
            "INSERT INTO bookkeeping_tokens (creditor_id, connection_id, sealed, access_until, kept_at)"
            " VALUES (:c, :id, :sealed, :until, :now) ON CONFLICT (creditor_id, connection_id) DO UPDATE"
            " SET sealed = excluded.sealed, access_until = excluded.access_until, kept_at = excluded.kept_at"
        ),
        {
            "c": creditor_id,
            "id": connection_id,
            "sealed": seal(tokens, creditor_id=creditor_id, connection_id=connection_id, secret=secret),
            "until": until,
            "now": unit.now,
        },
    )


def choose_administration(unit: Unit, *, creditor_id: UUID, connection_id: UUID, code: str) -> None:
    """This function will settle which of the creditor's administrations is read.

    :raises NotFound: no such connection.
    :raises Invalid: no such administration.
    :raises Conflict: another one was chosen; what was fetched is of that one.
    """
    row = connection_of(unit, creditor_id=creditor_id, connection_id=connection_id, lock=True)
    chosen = next((one for one in row.administrations if one["code"] == code), None)
    if chosen is None:
        raise Invalid("choose one of these administrations", field="administration")
    if row.administration and row.administration != code:
        raise Conflict("another administration was chosen; disconnect to choose anew")
    row.administration, row.administration_name = code, chosen["name"]
    unit.session.flush()


def set_overdue_days(unit: Unit, *, creditor_id: UUID, connection_id: UUID, days: int) -> None:
    """This function will settle from how many days overdue invoices are shown.

    :raises Invalid: not 0 to 3,650 days.
    :raises NotFound: no such connection.
    """
    if not 0 <= days <= OVERDUE_DAYS_MAX:
        raise Invalid("choose 0 to 3650 days", field="overdue_days")
    row = connection_of(unit, creditor_id=creditor_id, connection_id=connection_id, lock=True)
    row.overdue_days = days
    unit.session.flush()


def set_rule(
    unit: Unit, *, creditor_id: UUID, connection_id: UUID, days: int, minor: int, confirmed: bool
) -> None:
    """This function will have invoices handed over by themselves, for a price that waits for acceptance.

    :param days: how long overdue; `minor`: how much is at least open, in cents.
    :raises Invalid: it was not confirmed, or a number cannot be.
    :raises NotFound: no such connection.
    """
    if not 1 <= days <= OVERDUE_DAYS_MAX:
        raise Invalid("choose 1 to 3650 days", field="rule_days")
    if minor < 0:
        raise Invalid("an amount is not negative", field="rule_amount")
    if not confirmed:
        raise Invalid("confirm that invoices are handed over by themselves", field="confirmed")
    row = connection_of(unit, creditor_id=creditor_id, connection_id=connection_id, lock=True)
    row.rule_on, row.rule_days, row.rule_minor = True, days, minor
    row.rule_confirmed_at, row.rule_confirmed_by = unit.now, unit.by
    unit.session.flush()
    record(
        unit,
        action="bookkeeping.rule_set",
        subject=f"bookkeeping_connection:{row.id}",
        creditor_id=creditor_id,
        facts={"days": days, "minor": minor},
    )


def stop_rule(unit: Unit, *, creditor_id: UUID, connection_id: UUID) -> None:
    """This function will have nothing handed over by itself any more.

    :raises NotFound: no such connection.
    """
    row = connection_of(unit, creditor_id=creditor_id, connection_id=connection_id, lock=True)
    if not row.rule_on:
        return
    row.rule_on = False
    unit.session.flush()
    record(
        unit,
        action="bookkeeping.rule_stopped",
        subject=f"bookkeeping_connection:{row.id}",
        creditor_id=creditor_id,
    )


def disconnect(unit: Unit, *, creditor_id: UUID, connection_id: UUID) -> None:
    """This function will erase what opens the books, and what was fetched of invoices that are no claims.

    :raises NotFound: no such connection.
    """
    row = connection_of(unit, creditor_id=creditor_id, connection_id=connection_id, lock=True)
    row.state, row.ended_at, row.ended_by, row.rule_on = ConnectionState.ENDED, unit.now, unit.by, False
    row.state_sha256, row.session_sha256, row.administrations = "", "", []
    unit.session.flush()
    named = {"c": creditor_id, "id": connection_id, "now": unit.now}
    for statement in (
        "DELETE FROM bookkeeping_tokens WHERE creditor_id = :c AND connection_id = :id",
        "UPDATE bookkeeping_fetch SET state = 'cancelled', ended_at = :now WHERE creditor_id = :c"
        " AND connection_id = :id AND state IN ('running', 'waiting')",
        "UPDATE bookkeeping_fetch SET cursor = '' WHERE creditor_id = :c AND connection_id = :id",
        "DELETE FROM booked_customer WHERE creditor_id = :c AND connection_id = :id",
        "DELETE FROM booked_invoice WHERE creditor_id = :c AND connection_id = :id AND claim_id IS NULL",
    ):
        unit.session.connection().execute(text(statement), named)
    record(
        unit,
        action="bookkeeping.disconnected",
        subject=f"bookkeeping_connection:{row.id}",
        creditor_id=creditor_id,
        facts={"vendor": row.vendor},
    )


def _hashed(state: str) -> str:
    return hashlib.sha256(state.encode()).hexdigest()
