"""What the public registers tell."""

from dataclasses import dataclass

from agency.events.event import Event


@dataclass(frozen=True, kw_only=True)
class DebtorFoundInRegister(Event):
    """A public register knows something of the debtor that stops collection."""

    ground: str
    register: str
    since: str
