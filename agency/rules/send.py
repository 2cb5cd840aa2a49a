"""The gate that every message passes in the moment before it leaves."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final, Literal

from agency.calendar import UnknownCountry, local_time, zone_of
from agency.money import Money
from agency.rules.contact import contact_window, frequency_rule
from agency.rules.facts import Channel, DebtorKind, Phase
from agency.rules.trace import Trace, TraceLine

_VERSION: Final = "2026-11-01"
_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class SendFacts:
    """Everything the gate looks at in the moment before a message leaves.

    `holds` are the grounds of the holds in force. `last_contact_at` and `contacts_last_7_days` count contacts
    of the agency's own accord on other steps: the letter and the e-mail of one step are one contact.
    `is_reply` marks an answer to the debtor's own act: a receipt, a link that was asked for.
    """

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
    """`defer` names the moment (UTC) to ask again; `refuse` means this message must not leave at all."""

    verdict: Literal["send", "defer", "refuse"]
    reasons: tuple[str, ...]
    until: datetime | None
    trace: Trace


def may_send(*, facts: SendFacts, at: datetime) -> SendDecision:
    """Decide whether a message may leave now.

    A message that must not leave is refused; one that only comes at the wrong time is deferred to the next
    lawful moment. An answer to the debtor's own act passes a hold, a dispute, a closed claim and the hours,
    because the debtor asked for it; it never passes a broken contact point, a withdrawn consent or an
    incomplete content, and a call or a visit never passes the hours.

    :raises ValueError: when the moment has no zone.
    """
    if at.tzinfo is None:
        raise ValueError("a moment needs its zone")
    refusals = _refusals(facts, at)
    if refusals:
        return _decision(facts, at, "refuse", tuple(refusals), None, ())
    if facts.is_reply and facts.channel not in (Channel.call, Channel.visit):
        return _decision(facts, at, "send", (), None, ())
    earliest, reasons = _after_frequency(facts, at)
    window = contact_window(
        country=facts.country,
        region=facts.region,
        channel=facts.channel,
        debtor=facts.debtor,
        at=earliest,
    )
    reasons += () if window.allowed else window.reasons
    if reasons:
        return _decision(facts, at, "defer", reasons, window.next_slot, window.trace)
    return _decision(facts, at, "send", (), None, window.trace)


def _refusals(facts: SendFacts, at: datetime) -> list[str]:
    """Return every ground on which the message must not leave, so that a person sees all of them at once."""
    always = {
        "content_incomplete": not facts.content_complete,
        "contact_point_broken": not facts.contact_point_ok,
        # Nobody consents to letters, so consent to them cannot be withdrawn.
        "consent_withdrawn": facts.consent_withdrawn and facts.channel is not Channel.letter,
        "country_unknown": _today_there(facts, at) is None,
    }
    unasked = {
        "claim_closed": facts.claim_closed,
        "nothing_owed": facts.balance.minor <= 0,
        "disputed": facts.disputed,
        "time_barred": _time_barred(facts, at),
        "with_bailiff": facts.phase == Phase.execution,
    }
    grounds = always if facts.is_reply else always | unasked
    holds = [] if facts.is_reply else [f"hold:{ground}" for ground in facts.holds]
    return [ground for ground, found in grounds.items() if found] + holds


def _today_there(facts: SendFacts, at: datetime) -> date | None:
    try:
        return local_time(at=at, zone=zone_of(facts.country, facts.region)).date()
    except UnknownCountry:
        return None


def _time_barred(facts: SendFacts, at: datetime) -> bool:
    today = _today_there(facts, at)
    return facts.limitation_ends is not None and today is not None and today > facts.limitation_ends


def _after_frequency(facts: SendFacts, at: datetime) -> tuple[datetime, tuple[str, ...]]:
    """Return the first moment that the frequency of contact allows, and why it is not now."""
    rule = frequency_rule(on=at.astimezone(UTC).date())
    if facts.is_reply:
        return at, ()
    if facts.contacts_last_7_days >= rule["in_7_days_max"]:
        # Only the number is known, not when the oldest of the seven days falls out: ask again tomorrow.
        return at + _DAY, ("contacts_in_7_days",)
    if facts.last_contact_at is not None:
        free = facts.last_contact_at + timedelta(hours=rule["hours_between"])
        if free > at:
            return free, ("too_soon_after_last_contact",)
    return at, ()


def _decision(
    facts: SendFacts,
    at: datetime,
    verdict: Literal["send", "defer", "refuse"],
    reasons: tuple[str, ...],
    until: datetime | None,
    because: Trace,
) -> SendDecision:
    line = TraceLine(
        rule="send.gate",
        version=_VERSION,
        source="house rule: no message leaves without passing hold, dispute, balance, consent and hours",
        inputs={
            "channel": facts.channel.value,
            "phase": facts.phase.value,
            "balance": str(facts.balance),
            "reply": str(facts.is_reply).lower(),
            "at": at.isoformat(),
        },
        outcome=verdict if not reasons else f"{verdict}: {', '.join(reasons)}",
    )
    return SendDecision(verdict=verdict, reasons=reasons, until=until, trace=(line, *because))
