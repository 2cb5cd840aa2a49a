"""What creditors tell of their debtors."""

from dataclasses import dataclass

from agency.events.event import Event


@dataclass(frozen=True, kw_only=True)
class RelationMarked(Event):
    """A creditor marked the debtor of a claim as an important relation, or took the mark away."""

    important: bool
