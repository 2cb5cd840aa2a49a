"""What credit checks tell."""

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from agency.events.event import Event


@dataclass(frozen=True, kw_only=True)
class CreditCheckAsked(Event):
    """A creditor asked about a company; it concerns no claim."""

    creditor_sees: ClassVar[bool] = False
    reacts: ClassVar[bool] = True
    check_id: UUID


@dataclass(frozen=True, kw_only=True)
class CreditChecked(Event):
    """A credit check was answered; it concerns no claim."""

    check_id: UUID
    state: str
