from dataclasses import dataclass
from datetime import datetime

from agency.rules.facts import Channel, DebtorKind
from agency.rules.trace import Trace


@dataclass(frozen=True, slots=True)
class ContactDecision:
    """Whether a person may be contacted now; `next_slot` (UTC) is `at` itself when it is allowed."""

    allowed: bool
    reasons: tuple[str, ...]
    next_slot: datetime
    trace: Trace


def contact_window(
    *, country: str, region: str | None, channel: Channel, debtor: DebtorKind, at: datetime
) -> ContactDecision:
    raise NotImplementedError
