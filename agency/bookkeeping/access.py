"""Access to the books, refreshed by one process at a time.

A refresh token works once. Whoever refreshes holds the row until the new tokens are kept, and only what
is kept is used: were it used first and lost by a crash, the connection would be lost with it.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import Final, TypeVar
from uuid import UUID

import structlog
from sqlalchemy import text
from sqlmodel import select

from agency.bookkeeping.connecting import keep_tokens
from agency.bookkeeping.models import BookkeepingConnection, BookkeepingTokens, ConnectionState
from agency.bookkeeping.sealing import Unsealable, unseal
from agency.kernel.audit import record
from agency.kernel.settings import settings
from agency.kernel.unit import Door, Unit, Units
from agency.ports.providers import ProviderAmbiguous, ProviderRefused, ProviderTransient
from agency.ports.providers.bookkeeping import EXPIRED, REVOKED, Bookkeeping, Tokens

log = structlog.get_logger()
BY: Final = "system:bookkeeping"
SILENT_SECONDS: Final = 600
"""So long a vendor that did not answer is left alone, where it did not say how long."""
Answer = TypeVar("Answer")


def note_busy(unit: Unit, *, creditor_id: UUID, connection_id: UUID, seconds: int) -> None:
    """This function will leave a vendor alone for so many seconds, a day at most."""
    unit.session.connection().execute(
        text(
            "UPDATE bookkeeping_connection SET busy_until = :until WHERE creditor_id = :c AND id = :id"
            " AND (busy_until IS NULL OR busy_until < :until)"
        ),
        {
            "c": creditor_id, "id": connection_id,
            "until": unit.now + timedelta(seconds=min(86_400, max(1, seconds))),
        },
    )  # fmt: skip


class NotConnected(Exception):
    """The connection has ended, or the vendor lets us in no more."""


class Books:
    """A connection's books, with tokens that work."""

    def __init__(self, units: Units, port: Bookkeeping, *, creditor_id: UUID, connection_id: UUID) -> None:
        self.units = units
        self.port = port
        self.creditor_id = creditor_id
        self.connection_id = connection_id

    def ask(self, question: Callable[[Tokens], Answer]) -> Answer:
        """This function will ask the vendor something; access that is over is refreshed once.

        :raises NotConnected: see the exception; the connection says so from now on.
        :raises ProviderRefused, ProviderTransient: see the exceptions.
        """
        tokens = self._open(over=None)
        try:
            return question(tokens)
        except ProviderRefused as refused:
            if refused.code == REVOKED:
                self._break()
                raise NotConnected from refused
            if refused.code != EXPIRED:
                raise
        try:
            return question(self._open(over=tokens.access))
        except ProviderRefused as refused:
            # New, and still not good enough: the vendor has taken it back.
            if refused.code in (EXPIRED, REVOKED):
                self._break()
                raise NotConnected from refused
            raise

    def _open(self, *, over: str | None) -> Tokens:
        """Tokens that are kept and not over; who finds others refreshing waits, and takes what they got."""
        with self.units.open(Door.WORKER, by=BY) as unit:
            row = unit.session.exec(
                select(BookkeepingTokens)
                .where(
                    BookkeepingTokens.creditor_id == self.creditor_id,
                    BookkeepingTokens.connection_id == self.connection_id,
                )
                .with_for_update()
                .execution_options(populate_existing=True)
            ).one_or_none()
            if row is None or self._connection(unit).state != ConnectionState.CONNECTED:
                raise NotConnected
            found = self._unsealed(unit, row)
            if found is not None:
                ended = row.access_until is not None and row.access_until <= unit.now
                if not ended and found.access != over:
                    return found
                found = self._refreshed(unit, found)
        if found is None:
            raise NotConnected
        return found

    def _unsealed(self, unit: Unit, row: BookkeepingTokens) -> Tokens | None:
        try:
            return unseal(
                row.sealed,
                creditor_id=self.creditor_id,
                connection_id=self.connection_id,
                secret=settings().secret.get_secret_value(),
            )
        except Unsealable:
            log.error("bookkeeping.seal_does_not_open", connection=str(self.connection_id))
            self._note_broken(unit)
            return None

    def _refreshed(self, unit: Unit, tokens: Tokens) -> Tokens | None:
        try:
            new = self.port.refresh(tokens)
        except ProviderAmbiguous as unknown:
            # The vendor may have given new ones that nobody got. The old ones tell, at the next try.
            raise ProviderTransient(unknown.reason) from unknown
        except ProviderRefused as refused:
            if refused.code != REVOKED:
                raise
            self._note_broken(unit)
            return None
        keep_tokens(
            unit,
            creditor_id=self.creditor_id,
            connection_id=self.connection_id,
            tokens=new,
            secret=settings().secret.get_secret_value(),
        )
        return new

    def _break(self) -> None:
        with self.units.open(Door.WORKER, by=BY) as unit:
            self._note_broken(unit)

    def _note_broken(self, unit: Unit) -> None:
        row = self._connection(unit)
        if row.state != ConnectionState.CONNECTED:
            return
        row.state = ConnectionState.BROKEN
        unit.session.flush()
        record(
            unit,
            action="bookkeeping.broken",
            subject=f"bookkeeping_connection:{self.connection_id}",
            creditor_id=self.creditor_id,
            facts={"vendor": row.vendor},
        )

    def _connection(self, unit: Unit) -> BookkeepingConnection:
        return unit.session.exec(
            select(BookkeepingConnection)
            .where(
                BookkeepingConnection.creditor_id == self.creditor_id,
                BookkeepingConnection.id == self.connection_id,
            )
            .with_for_update()
            .execution_options(populate_existing=True)
        ).one()
