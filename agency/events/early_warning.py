"""What the early warning tells."""

from dataclasses import dataclass

from agency.events.event import Event


@dataclass(frozen=True, kw_only=True)
class DebtorNeedsAttention(Event):
    """The signs of a debtor newly ask for action; told at his oldest open claim."""

    points: int
