"""What creditors tell of their debtors, and debtors of themselves."""

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from agency.events.event import Event


@dataclass(frozen=True, kw_only=True)
class RelationMarked(Event):
    """A creditor marked the debtor of a claim as an important relation, or took the mark away."""

    important: bool


@dataclass(frozen=True, kw_only=True)
class LanguageAsked(Event):
    """A debtor asked on his page to be written to in another language (nl, fr, en or de)."""

    creditor_sees: ClassVar[bool] = False
    reacts: ClassVar[bool] = True

    debtor_id: UUID
    language: str
