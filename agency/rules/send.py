from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from agency.money import Money
from agency.rules.facts import Channel, DebtorKind, Phase
from agency.rules.trace import Trace


@dataclass(frozen=True, slots=True, kw_only=True)
class SendFacts:
    """Everything the gate looks at in the moment before a message leaves."""

    country: str
    region: str | None
    channel: Channel
    debtor: DebtorKind
    phase: Phase
    balance: Money
    holds: tuple[str, ...] = ()
    disputed: bool = False
    claim_closed: bool = False
    contact_point_ok: bool = True
    consent_withdrawn: bool = False
    last_contact_at: datetime | None = None
    contacts_last_7_days: int = 0
    limitation_ends: date | None = None
    content_complete: bool = True
    is_reply: bool = False


@dataclass(frozen=True, slots=True)
class SendDecision:
    """`defer` names the moment to ask again; `refuse` means this message must not leave at all."""

    verdict: Literal["send", "defer", "refuse"]
    reasons: tuple[str, ...]
    until: datetime | None
    trace: Trace


def may_send(*, facts: SendFacts, at: datetime) -> SendDecision:
    raise NotImplementedError
