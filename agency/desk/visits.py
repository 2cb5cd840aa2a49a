"""Visits to a debtor at home: announced in writing, made when the rules allow it at the door, reported on.

A visit is voluntary: the debtor may say no, on his page or at the door, and is then not visited any more. Who
pays, or makes an arrangement, before the day is not visited either, as the announcement says.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.exc import IntegrityError
from sqlmodel import col, select

from agency.arrangements.promises import make_promise
from agency.claims.itemisation import open_total
from agency.communication.planning import cancel_queued_step, queue_message
from agency.desk.calling import call_facts, spoken_facts
from agency.desk.dispositions import spare_debtor
from agency.desk.models import FieldVisit, VisitOutcome, VisitState, WorkKind
from agency.desk.queue import ask_for_person, drop_work
from agency.disputes.raising import raise_dispute
from agency.events import (
    ClaimClosed,
    ClaimPaidOff,
    DisputeRaised,
    HoldPlaced,
    PlanAgreed,
    PromiseMade,
    VisitAnnounced,
    VisitCancelled,
    VisitMade,
    VisitRefused,
)
from agency.kernel.audit import record
from agency.kernel.emitting import emit
from agency.kernel.errors import Conflict, Invalid, NotFound
from agency.kernel.ids import new_id
from agency.kernel.unit import AGENCY_ZONE, Unit, agency_day
from agency.money import Money
from agency.rules.facts import Channel
from agency.rules.holds import is_about_person
from agency.rules.send import TERM_RUNNING, SendDecision, SendFacts, may_send
from agency.rules.trace import as_json
from agency.rules.visit import VisitPolicy, has_arrived, hours_fault, visit_policy

TEMPLATE: Final = "visit_announcement"
_OPEN: Final = (VisitState.ANNOUNCED, VisitState.UNDER_WAY)
# Whether there is a door to ring at, whether its debtor said no before, and how an announcement reaches him.
_HOME = text(
    "SELECT coalesce(d.street, '') <> '' AND coalesce(d.city, '') <> '' AS has_address,"
    " EXISTS (SELECT FROM contact_point p WHERE p.creditor_id = d.creditor_id AND p.debtor_id = d.id"
    "  AND p.channel = 'email' AND p.state = 'usable') AS by_mail,"
    " EXISTS (SELECT FROM field_visit v JOIN claim o ON o.creditor_id = v.creditor_id AND o.id = v.claim_id"
    "  JOIN debtor s ON s.creditor_id = o.creditor_id AND s.id = o.debtor_id"
    "  WHERE (s.id = d.id OR s.identity_id = d.identity_id)"
    "  AND (v.state = 'refused' OR v.outcome = 'refuses')) AS refused"
    " FROM claim c JOIN debtor d ON d.creditor_id = c.creditor_id AND d.id = c.debtor_id"
    " WHERE c.creditor_id = :creditor AND c.id = :claim"
)
# A mail that bounced goes by letter, as a message of its own.
_LEFT = text(
    "SELECT channel, CASE WHEN channel = 'letter' THEN posted_at ELSE sent_at END AS at FROM message"
    " WHERE creditor_id = :creditor AND claim_id = :claim AND step = :step"
    " AND state IN ('sent', 'delivered', 'opened')"
)


class UnableToVisit(Conflict):
    """The law, a hold or the state of the claim forbids a visit; `decision` says why."""

    def __init__(self, decision: SendDecision) -> None:
        super().__init__(f"a visit is not allowed: {', '.join(decision.reasons)}")
        self.decision = decision


@dataclass(frozen=True, slots=True, kw_only=True)
class VisitReport:
    """What a visitor says about a visit that has ended; `promised` and `promised_on` belong to a promise."""

    outcome: VisitOutcome
    words: str
    promised: Money | None = None
    promised_on: date | None = None
    dispute_reason: str = ""


def may_announce(
    unit: Unit, *, creditor_id: UUID, claim_id: UUID, at: datetime | None = None
) -> SendDecision:
    """This function will ask whether a visit may be announced now and made at a moment.

    :param at: the moment; without one, the hours and the other contacts are left out of it.
    :raises NotFound: no such claim.
    """
    facts = _facts(unit, creditor_id=creditor_id, claim_id=claim_id, announced=True)
    # A hold under which a debtor may be spoken to can still forbid to write to him.
    written = may_send(facts=replace(facts, channel=Channel.letter), at=unit.now)
    if written.verdict == "refuse" or TERM_RUNNING in written.reasons:
        return written
    decision = may_send(facts=facts, at=at or unit.now)
    if at is None and decision.verdict == "defer":
        return replace(decision, verdict="send", reasons=(), until=None)
    return decision


def announce_visit(
    unit: Unit, *, creditor_id: UUID, claim_id: UUID, day: date, first: time, last: time, visitor: str
) -> UUID:
    """This function will announce a visit to the debtor in writing, and return its id.

    :param first, last: between which hours the visitor rings, on the agency's clock.
    :param visitor: the name of whoever comes, as the debtor reads it.
    :raises NotFound: no such claim.
    :raises Invalid: a field is not right.
    :raises UnableToVisit: the rules would forbid it at that moment.
    :raises Conflict: another visit of this claim is announced.
    """
    policy = visit_policy(on=unit.today)
    name = " ".join(visitor.split())
    _refuse_wrong(unit, policy, day=day, first=first, last=last, visitor=name)
    for clock in (first, last):
        moment = datetime.combine(day, clock, tzinfo=AGENCY_ZONE).astimezone(UTC)
        decision = may_announce(unit, creditor_id=creditor_id, claim_id=claim_id, at=moment)
        if decision.verdict != "send":
            raise UnableToVisit(decision)
    visit = FieldVisit(
        creditor_id=creditor_id, id=new_id(), claim_id=claim_id, day=day, first=first, last=last,
        visitor=name, announced_at=unit.now, announced_by=unit.by,
    )  # fmt: skip
    _keep(unit, visit)
    by_mail = _home(unit, creditor_id, claim_id).by_mail
    hours = {"first": f"{first:%H:%M}", "last": f"{last:%H:%M}"}
    visit.message_id = queue_message(
        unit, creditor_id=creditor_id, claim_id=claim_id,
        channel=Channel.email if by_mail else Channel.letter, step=_step(visit), cycle=1, template=TEMPLATE,
        due_at=unit.now, facts={"visit": {"on": day.isoformat(), "visitor": name} | hours},
    )  # fmt: skip
    unit.session.flush()
    drop_work(unit, creditor_id=creditor_id, claim_id=claim_id, kinds=(WorkKind.VISIT_DUE,))
    _record(unit, "visit.announced", visit, day=day.isoformat(), visitor=name)
    emit(
        unit,
        VisitAnnounced(creditor_id=creditor_id, claim_id=claim_id, visit_id=visit.id, day=day.isoformat()),
    )
    return visit.id


def may_begin(unit: Unit, visit: FieldVisit, *, identified: bool = True) -> SendDecision:
    """This function will ask whether the visitor may ring the bell now.

    :param identified: the visitor carries an identification and shows it.
    """
    facts = _facts(
        unit, creditor_id=visit.creditor_id, claim_id=visit.claim_id, announced=_arrived(unit, visit)
    )
    decision = may_send(facts=replace(facts, visitor_identified=identified), at=unit.now)
    clock = unit.now.astimezone(AGENCY_ZONE)
    as_announced = clock.date() == visit.day and visit.first <= clock.time() <= visit.last
    if decision.verdict == "send" and not as_announced:
        return replace(decision, verdict="refuse", reasons=("visit_another_time",))
    return decision


def begin_visit(unit: Unit, *, creditor_id: UUID, visit_id: UUID, identified: bool) -> None:
    """This function will let the visitor ring the bell: from now on the visit counts as a contact.

    :raises NotFound: no such visit.
    :raises Conflict: it was begun, refused or called off before.
    :raises UnableToVisit: the rules forbid it at this moment.
    """
    visit = _locked(unit, creditor_id, visit_id, VisitState.ANNOUNCED)
    decision = may_begin(unit, visit, identified=identified)
    if decision.verdict != "send":
        raise UnableToVisit(decision)
    visit.state, visit.began_at, visit.began_by = VisitState.UNDER_WAY, unit.now, unit.by
    visit.trace = as_json(decision.trace)
    unit.session.flush()
    _record(unit, "visit.begun", visit)


def report_visit(unit: Unit, *, creditor_id: UUID, visit_id: UUID, report: VisitReport) -> None:
    """This function will keep how a visit ended and do what follows from it.

    A promise makes a promise, a dispute stops collection, hardship holds the claim; who refuses is not
    visited again, and where the debtor has moved somebody looks for the new address.

    :raises NotFound: no such visit.
    :raises Conflict: it was not begun, or was reported on before; or the claim takes no promise.
    :raises Invalid: the report says nothing, or a promise lacks its amount or day.
    """
    if not report.words.strip():
        raise Invalid("write down how it went", field="report")
    visit = _locked(unit, creditor_id, visit_id, VisitState.UNDER_WAY)
    visit.state, visit.ended_at, visit.outcome = VisitState.MADE, unit.now, report.outcome
    visit.report = report.words.strip()
    unit.session.flush()
    _follow_up(unit, visit, report)
    _record(unit, "visit.reported", visit, outcome=report.outcome.value)
    emit(
        unit,
        VisitMade(
            creditor_id=creditor_id, claim_id=visit.claim_id, visit_id=visit.id, outcome=report.outcome.value
        ),
    )


def refuse_visit(unit: Unit, *, creditor_id: UUID, claim_id: UUID) -> None:
    """This function will keep that the debtor wants no visit: nobody comes, now or later.

    :raises Conflict: no visit is announced.
    """
    visit = open_visit(unit, creditor_id=creditor_id, claim_id=claim_id, lock=True)
    if visit is None or visit.state is not VisitState.ANNOUNCED:
        raise Conflict("no visit is announced any more")
    visit.state, visit.ended_at = VisitState.REFUSED, unit.now
    unit.session.flush()
    emit(unit, VisitRefused(creditor_id=creditor_id, claim_id=claim_id, visit_id=visit.id))


def call_off_visit(unit: Unit, *, creditor_id: UUID, visit_id: UUID) -> None:
    """This function will call a visit off that was announced and not begun.

    :raises NotFound: no such visit.
    :raises Conflict: it was begun, refused or called off before.
    """
    _cancel(unit, _locked(unit, creditor_id, visit_id, VisitState.ANNOUNCED), "colleague")


def call_off_when_needless(
    unit: Unit, event: ClaimPaidOff | ClaimClosed | PromiseMade | PlanAgreed | DisputeRaised
) -> None:
    """This function will call off the visit to a debtor who paid, agreed on something, or disagrees."""
    assert event.claim_id is not None, "these events always name their claim"
    visit = open_visit(unit, creditor_id=event.creditor_id, claim_id=event.claim_id, lock=True)
    if visit is not None and visit.state is VisitState.ANNOUNCED:
        whys = {ClaimPaidOff: "paid", ClaimClosed: "closed", DisputeRaised: "disputed"}
        _cancel(unit, visit, whys.get(type(event), "agreed"))


def call_off_when_left_in_peace(unit: Unit, event: HoldPlaced) -> None:
    """This function will call off the visit to a debtor who died, is helped with his debts, or is somebody
    else: nobody rings his bell."""
    assert event.claim_id is not None, "a hold belongs to a claim"
    if not is_about_person(ground=event.ground, on=unit.today):
        return
    visit = open_visit(unit, creditor_id=event.creditor_id, claim_id=event.claim_id, lock=True)
    if visit is not None and visit.state is VisitState.ANNOUNCED:
        _cancel(unit, visit, "held")


def ask_when_refused(unit: Unit, event: VisitRefused) -> None:
    """This function will ask for a person who finds another way to a debtor who wants no visit."""
    assert event.claim_id is not None, "a visit belongs to a claim"
    cancel_queued_step(
        unit, creditor_id=event.creditor_id, claim_id=event.claim_id, step=f"{TEMPLATE}:{event.visit_id}",
        why="visit_refused",
    )  # fmt: skip
    _ask(unit, event.creditor_id, event.claim_id, WorkKind.CALL_BACK, event.visit_id, "visit_refused")


def open_visit(unit: Unit, *, creditor_id: UUID, claim_id: UUID, lock: bool = False) -> FieldVisit | None:
    """This function will return the visit of a claim that is announced or under way."""
    statement = select(FieldVisit).where(
        FieldVisit.creditor_id == creditor_id, FieldVisit.claim_id == claim_id,
        col(FieldVisit.state).in_(_OPEN),
    )  # fmt: skip
    return unit.session.exec(statement.with_for_update() if lock else statement).one_or_none()


def visits_of_claim(unit: Unit, *, creditor_id: UUID, claim_id: UUID) -> Sequence[FieldVisit]:
    """This function will return every visit of a claim, the newest first."""
    return unit.session.exec(
        select(FieldVisit)
        .where(FieldVisit.creditor_id == creditor_id, FieldVisit.claim_id == claim_id)
        .order_by(col(FieldVisit.announced_at).desc(), col(FieldVisit.id).desc())
    ).all()


def _refuse_wrong(
    unit: Unit, policy: VisitPolicy, *, day: date, first: time, last: time, visitor: str
) -> None:
    if not visitor:
        raise Invalid("the debtor reads who comes", field="visitor")
    if day < policy.first_day(unit.today):
        raise Invalid(f"announce a visit at least {policy.notice_days} days before it", field="day")
    if day > policy.last_day(unit.today):
        raise Invalid(f"announce a visit at most {policy.days_ahead_max} days before it", field="day")
    fault = hours_fault(first=first, last=last, policy=policy)
    if fault == "backwards":
        raise Invalid("the last hour comes after the first", field="last")
    if fault == "too_long":
        raise Invalid(f"nobody waits at home longer than {policy.hours_max} hours", field="last")


def _facts(unit: Unit, *, creditor_id: UUID, claim_id: UUID, announced: bool) -> SendFacts:
    row = call_facts(unit, creditor_id=creditor_id, claim_id=claim_id)
    home = _home(unit, creditor_id, claim_id)
    owed = open_total(unit, creditor_id=creditor_id, claim_id=claim_id, on=unit.today, undisputed=True)
    return replace(
        spoken_facts(row, channel=Channel.visit, reachable=home.has_address, balance=owed),
        visit_announced=announced, visitor_identified=True, visit_refused=home.refused,
    )  # fmt: skip


def _arrived(unit: Unit, visit: FieldVisit) -> bool:
    """Whether the announcement left, and has reached the debtor by the day of the visit."""
    key = {"creditor": visit.creditor_id, "claim": visit.claim_id, "step": _step(visit)}
    policy = visit_policy(on=unit.today)
    return any(
        has_arrived(
            channel=Channel(left.channel), left_on=agency_day(left.at) if left.at else None,
            visit_on=visit.day, policy=policy,
        )
        for left in unit.session.connection().execute(_LEFT, key)
    )  # fmt: skip


def _home(unit: Unit, creditor_id: UUID, claim_id: UUID) -> Row[Any]:
    key = {"creditor": creditor_id, "claim": claim_id}
    return unit.session.connection().execute(_HOME, key).one()


def _locked(unit: Unit, creditor_id: UUID, visit_id: UUID, state: VisitState) -> FieldVisit:
    visit = unit.session.exec(
        select(FieldVisit)
        .where(FieldVisit.creditor_id == creditor_id, FieldVisit.id == visit_id)
        .with_for_update()
    ).one_or_none()
    if visit is None:
        raise NotFound("no such visit")
    if visit.state is not state:
        raise Conflict("this visit has gone on meanwhile; look at it again")
    return visit


def _keep(unit: Unit, visit: FieldVisit) -> None:
    try:
        with unit.session.begin_nested():
            unit.session.add(visit)
    except IntegrityError as error:
        raise Conflict("another visit of this claim is announced") from error


def _follow_up(unit: Unit, visit: FieldVisit, report: VisitReport) -> None:
    whose: dict[str, Any] = {"creditor_id": visit.creditor_id, "claim_id": visit.claim_id}
    match report.outcome:
        case VisitOutcome.PROMISE:
            if report.promised is None:
                raise Invalid("a promise needs an amount", field="promised")
            if report.promised_on is None:
                raise Invalid("a promise needs a day", field="promised_on")
            make_promise(unit, **whose, amount=report.promised, due_on=report.promised_on)
        case VisitOutcome.DISPUTE:
            if not report.dispute_reason:
                raise Invalid("say why the debtor disagrees", field="dispute_reason")
            raise_dispute(unit, **whose, reason=report.dispute_reason, words=visit.report)
        case VisitOutcome.HARDSHIP:
            spare_debtor(unit, **whose, note=visit.report, contact_id=visit.id)
        case VisitOutcome.MOVED:
            _ask(unit, visit.creditor_id, visit.claim_id, WorkKind.UNREACHABLE, visit.id, "moved")
        case VisitOutcome.REFUSES:
            _ask(unit, visit.creditor_id, visit.claim_id, WorkKind.CALL_BACK, visit.id, "visit_refused")
        case VisitOutcome.TALKED | VisitOutcome.NOBODY | VisitOutcome.SOMEBODY_ELSE:
            pass


def _cancel(unit: Unit, visit: FieldVisit, why: str) -> None:
    visit.state, visit.ended_at = VisitState.CANCELLED, unit.now
    unit.session.flush()
    key: dict[str, Any] = {"creditor_id": visit.creditor_id, "claim_id": visit.claim_id}
    cancel_queued_step(unit, **key, step=_step(visit), why="visit_called_off")
    _record(unit, "visit.cancelled", visit, why=why)
    emit(unit, VisitCancelled(**key, visit_id=visit.id, why=why))


def _ask(unit: Unit, creditor_id: UUID, claim_id: UUID, kind: WorkKind, visit_id: UUID, reason: str) -> None:
    ask_for_person(
        unit, creditor_id=creditor_id, claim_id=claim_id, kind=kind, key=f"{kind.value}:{visit_id}",
        reason=reason,
    )  # fmt: skip


def _step(visit: FieldVisit) -> str:
    return f"{TEMPLATE}:{visit.id}"


def _record(unit: Unit, action: str, visit: FieldVisit, **facts: str) -> None:
    record(
        unit, action=action, subject=f"visit:{visit.id}", creditor_id=visit.creditor_id,
        facts={"claim": str(visit.claim_id)} | facts,
    )  # fmt: skip
