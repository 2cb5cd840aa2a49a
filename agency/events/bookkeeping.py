"""What connections with bookkeeping tell."""

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from agency.events.event import Event


@dataclass(frozen=True, kw_only=True)
class FetchAsked(Event):
    """Somebody wants the open invoices of a bookkeeping now; it concerns no claim."""

    creditor_sees: ClassVar[bool] = False
    reacts: ClassVar[bool] = True
    fetch_id: UUID


@dataclass(frozen=True, kw_only=True)
class SelectionMade(Event):
    """More invoices were chosen than can be handed over while a person waits."""

    creditor_sees: ClassVar[bool] = False
    reacts: ClassVar[bool] = True
    handover_id: UUID


@dataclass(frozen=True, kw_only=True)
class InvoicesHandedOver(Event):
    """Invoices of a bookkeeping became claims that wait for their price, so their documents are wanted."""

    creditor_sees: ClassVar[bool] = False
    reacts: ClassVar[bool] = True
    connection_id: UUID
    placement_id: UUID


@dataclass(frozen=True, kw_only=True)
class BookkeepingFetched(Event):
    """A fetch goes on, has ended or waits; open pages look again."""

    creditor_sees: ClassVar[bool] = False
    connection_id: UUID
