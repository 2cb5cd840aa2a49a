"""The gate that every message passes in the moment before it leaves."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import Final, Literal

from agency.calendar import UnknownCountry, at_local, local_time, zone_of
from agency.money import Money
from agency.rules.channel import ChannelDecision, ChannelFacts, Recipient, channel_allowed
from agency.rules.contact import contact_window
from agency.rules.facts import SPOKEN, Channel, DebtorKind, Phase
from agency.rules.frequency import PersonContacts, one_more_contact
from agency.rules.holds import stops_contact
from agency.rules.notice_first import NoticeFirst, notice_first
from agency.rules.trace import Trace, TraceLine

_VERSION: Final = "2026-11-29"
NOTICE_FIRST: Final = "notice_first"
TERM_RUNNING: Final = "notice_term_running"
_HOUSE: Final = "house rule: no message leaves without passing hold, dispute, balance, consent and hours"
_LAW: Final = {
    "content_incomplete": "Wki art. 13 and Bki; WER Book XIX; RDG s. 13a: what each communication must say",
    "threatens_time_barred": "Bki art. 4.2: no pressure with what cannot be done; WER Book VI; "
    "a claim that is time-barred cannot be enforced (BW 3:306, old BW 2262bis, BGB s. 214)",
    "threatens_too_early": "Bki art. 4.2: no pressure with what cannot be done yet",
    "term_has_passed": "BW 6:96(6); WER art. XIX.2: a notice leaves its whole term from when it arrives",
    "threatens_unknown_term": "house rule: nobody is threatened with a court before the limitation is known",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SendFacts:
    """Everything the gate looks at in the moment before a message leaves.

    `holds` are the grounds of the holds in force (`agency.rules.holds.Ground`; an unknown one stops all).
    `contacts` counts contacts of the agency's own accord on other steps with this PERSON, about the claims of
    every creditor. `limitation_ends` is the last day on which the claim can be brought to court.
    `threatens_court` marks a text that announces or suggests a court, a summons or a seizure. `repeats_term`
    marks the copy of a notice, and `term_ended` that the term of that notice is over. `is_notice` marks the
    notice itself and its copy, `after_term` is the first day after the term of the notice that left, and
    `agency_signs` tells that a message goes out under the agency's own name. `is_reply`
    marks an answer to the debtor's own act: a receipt, a link that was asked for. The last three are about a
    visit: announced in writing, the visitor can identify himself, the debtor said no.
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
    recipient: Recipient = Recipient.debtor
    contact_point_ok: bool = True
    consent_withdrawn: bool = False
    contacts: PersonContacts = field(default_factory=PersonContacts)
    limitation_ends: date | None = None
    threatens_court: bool = False
    content_complete: bool = True
    repeats_term: bool = False
    term_ended: bool = False
    is_notice: bool = False
    after_term: date | None = None
    agency_signs: bool = False
    is_reply: bool = False
    visit_announced: bool = False
    visitor_identified: bool = False
    visit_refused: bool = False


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
    lawful moment. A call or a visit passes a hold that lets the case be talked about. An answer to the
    debtor's own act passes a hold, a dispute, a closed claim and the hours, because the debtor asked for it;
    it never passes a closed channel, an incomplete content or a threat that is not lawful, and a call or a
    visit never passes the hours. A threat of court never leaves for a time-barred claim, nor before its
    limitation is known, nor in the reminder phase, in which nothing could follow yet. Where collection begins
    with a formal notice, nothing of the agency's own leaves before it, and nothing at all within its term.

    :param at: the moment, with a zone.
    :raises ValueError: when the moment has no zone.
    """
    if at.tzinfo is None:
        raise ValueError("a moment needs its zone")
    today = _today_there(facts, at)
    if today is None:
        return _decision(facts, at, "refuse", ("country_unknown",), None, (_line("country_unknown"),))
    channel = _channel(facts, today)
    first = None if facts.is_reply or facts.is_notice else _notice_first(facts, today)
    refusals = _refusals(facts, today, channel, first)
    if refusals:
        return _decision(facts, at, "refuse", tuple(refusals), None, _because(refusals, channel, first))
    if facts.is_reply and facts.channel not in SPOKEN:
        return _decision(facts, at, "send", (), None, ())
    if first and facts.after_term and today < facts.after_term:
        return _after_the_term(facts, at, first, facts.after_term)
    return _in_time(facts, at)


def _after_the_term(facts: SendFacts, at: datetime, first: NoticeFirst, day: date) -> SendDecision:
    """Defer to the first moment, after the term of the notice, that hours and days allow."""
    opens = at_local(day=day, clock=time(0), zone=zone_of(facts.country, facts.region))
    window = contact_window(
        country=facts.country, region=facts.region, channel=facts.channel, debtor=facts.debtor, at=opens
    )
    line = first.line(TERM_RUNNING, ends=day.isoformat(), channel=facts.channel.value)
    return _decision(facts, at, "defer", (TERM_RUNNING,), window.next_slot, (line,))


def _in_time(facts: SendFacts, at: datetime) -> SendDecision:
    """Send now, or defer to the first moment that frequency and hours allow."""
    # The debtor's own call is called back however often he was reached before.
    frequency = one_more_contact(contacts=PersonContacts() if facts.is_reply else facts.contacts, at=at)
    window = contact_window(
        country=facts.country,
        region=facts.region,
        channel=facts.channel,
        debtor=facts.debtor,
        at=frequency.free_at,
    )
    reasons = (*frequency.reasons, *window.reasons)
    if reasons:
        because = window.trace if frequency.allowed else (*frequency.trace, *window.trace)
        return _decision(facts, at, "defer", reasons, window.next_slot, because)
    return _decision(facts, at, "send", (), None, window.trace)


def _notice_first(facts: SendFacts, today: date) -> NoticeFirst | None:
    return notice_first(country=facts.country, debtor=facts.debtor, on=today)


def _refusals(
    facts: SendFacts, today: date, channel: ChannelDecision, first: NoticeFirst | None
) -> list[str]:
    """Return every ground on which the message must not leave, so that a person sees all of them at once."""
    always = {
        "content_incomplete": not facts.content_complete,
        "term_has_passed": facts.repeats_term and facts.term_ended,
    } | _threats(facts, today)
    unasked = {
        "claim_closed": facts.claim_closed,
        "nothing_owed": facts.balance.minor <= 0,
        "disputed": facts.disputed,
        "time_barred": _time_barred(facts, today),
        NOTICE_FIRST: first is not None and _before_the_notice(facts),
    }
    grounds = always if facts.is_reply else always | unasked
    found = [ground for ground, is_so in grounds.items() if is_so]
    # What the debtor asked for is answered in every phase.
    phase = ("with_bailiff", "channel_not_in_phase") if facts.is_reply else ()
    closed = [reason for reason in channel.reasons if reason not in phase]
    holds = (
        [] if facts.is_reply else [f"hold:{ground}" for ground in facts.holds if _stops(facts, ground, today)]
    )
    return [*closed, *found, *holds]


def _before_the_notice(facts: SendFacts) -> bool:
    """Whether the agency itself would ask before its notice has left; a closed channel says so by itself.

    A claim is amicable from the day its notice is printed, and stays so when that comes back.
    """
    early = facts.phase is Phase.reminder and facts.channel in (Channel.email, Channel.letter)
    unserved = facts.phase is Phase.amicable and facts.after_term is None
    return facts.agency_signs and (early or unserved)


def _threats(facts: SendFacts, today: date) -> dict[str, bool]:
    """Return why a threat of court in the text would not be lawful."""
    if not facts.threatens_court:
        return {}
    return {
        "threatens_time_barred": _time_barred(facts, today),
        "threatens_unknown_term": facts.limitation_ends is None,
        "threatens_too_early": facts.phase is Phase.reminder,
    }


def _stops(facts: SendFacts, ground: str, today: date) -> bool:
    if facts.channel not in SPOKEN:
        return True
    return stops_contact(ground=ground, country=facts.country, debtor=facts.debtor, on=today)


def _channel(facts: SendFacts, today: date) -> ChannelDecision:
    return channel_allowed(
        country=facts.country,
        debtor=facts.debtor,
        phase=facts.phase,
        channel=facts.channel,
        facts=ChannelFacts(
            recipient=facts.recipient,
            contact_point_ok=facts.contact_point_ok,
            consent_withdrawn=facts.consent_withdrawn,
            announced=facts.visit_announced,
            identified=facts.visitor_identified,
            refused=facts.visit_refused,
        ),
        on=today,
    )


def _today_there(facts: SendFacts, at: datetime) -> date | None:
    try:
        return local_time(at=at, zone=zone_of(facts.country, facts.region)).date()
    except UnknownCountry:
        return None


def _time_barred(facts: SendFacts, today: date) -> bool:
    return facts.limitation_ends is not None and today > facts.limitation_ends


def _because(refusals: Sequence[str], channel: ChannelDecision, first: NoticeFirst | None) -> Trace:
    """Return a line per ground: the channel's own where it is closed, else the gate's."""
    closed = dict(zip(channel.reasons, channel.trace, strict=False))
    if first:
        closed[NOTICE_FIRST] = first.line(NOTICE_FIRST)
    return tuple(closed.get(reason) or _line(reason) for reason in refusals)


def _line(reason: str) -> TraceLine:
    kind, _, ground = reason.partition(":")
    return TraceLine(
        rule=f"send.{kind}",
        version=_VERSION,
        source=_LAW.get(kind, _HOUSE),
        inputs={"ground": ground} if ground else {},
        outcome=f"send.{'on_hold' if ground else kind}",
    )


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
        source=_HOUSE,
        inputs={
            "channel": facts.channel.value,
            "phase": facts.phase.value,
            "balance": str(facts.balance),
            "reply": str(facts.is_reply).lower(),
            "reasons": ", ".join(reasons),
            "at": at.isoformat(),
            "until": "" if until is None else until.isoformat(),
        },
        outcome=f"send.{verdict}",
    )
    return SendDecision(verdict=verdict, reasons=reasons, until=until, trace=(line, *because))
