"""A path tried on one claim ahead of time: each step is put before the gate on its day."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Final, Literal
from zoneinfo import ZoneInfo

from agency.calendar import at_local
from agency.rules.facts import Channel, Phase
from agency.rules.frequency import PersonContacts
from agency.rules.notice import NoNoticeTerm, notice_term
from agency.rules.path_walk import as_sent
from agency.rules.send import SendFacts, may_send
from agency.rules.treatment import PathFacts, PlannedStep, TreatmentPath, next_step
from agency.rules.treatment_path import Signature

_WEEK: Final = timedelta(days=7)
_TRIES_MAX: Final = 60

_HOUR: Final = 9


@dataclass(frozen=True, slots=True)
class TriedStep:
    """A step that would leave on a day, or would be refused then, with the gate's reasons."""

    key: str
    channel: Channel
    on: date
    outcome: Literal["sent", "refused"]
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimToTry:
    """A claim as it stands: where on its path, and what the gate would look at.

    `threatening` are the templates that speak of a court.
    """

    facts: PathFacts
    gate: SendFacts
    threatening: frozenset[str] = frozenset()


def try_path(
    *,
    path: TreatmentPath,
    claim: ClaimToTry,
    today: date,
    until: date,
    zone: ZoneInfo,
    contacts: Sequence[datetime] = (),
) -> tuple[TriedStep, ...]:
    """Return what a claim's path would do up to and including a day, when the debtor does nothing.

    A step that comes at the wrong time leaves in the next lawful slot; one that the gate refuses ends the
    claim's walk, because the path waits for it.

    :param contacts: moments at which this person was or will be contacted about other claims, too.
    """
    facts, gate, made, day = claim.facts, claim.gate, list(contacts), today
    found: list[TriedStep] = []
    for _ in range(_TRIES_MAX):
        step = next_step(path=path, facts=facts, today=day)
        if step is None:
            break
        gate = _signed(path, step, _phase_of(path, step, _served(path, facts, gate)))
        moment, reasons = _slot(step, claim, gate, made, zone)
        on = moment.astimezone(zone).date()
        if on > until:
            break
        if reasons:
            found.append(TriedStep(step.key, step.channel, on, "refused", reasons))
            break
        found.append(TriedStep(step.key, step.channel, on, "sent"))
        made.append(moment)
        facts, day = replace(facts, sent=(*facts.sent, as_sent(path, step, on=on))), on
    return tuple(found)


def _phase_of(path: TreatmentPath, step: PlannedStep, gate: SendFacts) -> SendFacts:
    """A claim becomes amicable with its notice, before that leaves."""
    notice = any(one.is_notice and one.key == step.key for one in path.steps)
    return replace(gate, phase=Phase.amicable) if notice and gate.phase is Phase.reminder else gate


def _served(path: TreatmentPath, facts: PathFacts, gate: SendFacts) -> SendFacts:
    """The term of a notice runs from the day on which it is sent."""
    notices = {one.key for one in path.steps if one.is_notice}
    sent = next((one for one in facts.sent if one.key in notices), None)
    if gate.after_term is not None or sent is None:
        return gate
    by: Literal["post", "email"] = "post" if sent.channel is Channel.letter else "email"
    try:
        return replace(gate, after_term=notice_term(law=path.law, by=by, sent=sent.on).costs_from)
    except NoNoticeTerm:
        return gate


def _signed(path: TreatmentPath, step: PlannedStep, gate: SendFacts) -> SendFacts:
    """Whether a step is the notice, and whether it goes out under the agency's own name."""
    agencys = path.signature is Signature.agency or gate.phase is not Phase.reminder
    return replace(gate, is_notice=step.template.startswith("notice"), agency_signs=agencys)


def _slot(
    step: PlannedStep, claim: ClaimToTry, gate: SendFacts, made: Sequence[datetime], zone: ZoneInfo
) -> tuple[datetime, tuple[str, ...]]:
    """Return when a step would leave, or when it would be refused and why."""
    hour = _HOUR if step.hour is None else step.hour
    at = at_local(day=step.due_on, clock=time(hour), zone=zone)
    copy = step.key.endswith("_copy")
    for _ in range(_TRIES_MAX):
        asked = replace(
            gate,
            channel=step.channel,
            threatens_court=step.template in claim.threatening,
            # A call or a visit is prepared by a person, who sees to these before it is made.
            visit_announced=True,
            visitor_identified=True,
            contacts=PersonContacts() if copy else _contacts(made, at),
        )
        decision = may_send(facts=asked, at=at)
        if decision.until is None:
            return at, decision.reasons
        at = decision.until
    return at, ("no_lawful_moment",)


def _contacts(made: Sequence[datetime], at: datetime) -> PersonContacts:
    within = sorted(moment for moment in made if at - _WEEK < moment <= at)
    if not within:
        return PersonContacts()
    return PersonContacts(last_at=within[-1], in_7_days=len(within), oldest_of_7_days_at=within[0])
