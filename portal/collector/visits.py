"""Visits to a debtor at home: announce one, ring the bell when the rules allow it, report on it."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, time
from typing import Annotated, Any, Final
from uuid import UUID

from pydantic import Field
from sqlalchemy import text
from starlette.requests import Request
from starlette.responses import Response

from agency.claims.itemisation import open_total
from agency.communication.payment_codes import page_code
from agency.desk.models import FieldVisit, VisitOutcome, VisitState
from agency.desk.visits import (
    UnableToVisit,
    VisitReport,
    announce_visit,
    begin_visit,
    call_off_visit,
    may_announce,
    may_begin,
    open_visit,
    report_visit,
    visits_of_claim,
)
from agency.kernel.errors import Invalid, NotFound
from agency.kernel.unit import AGENCY_ZONE, Unit, agency_day
from agency.payments.links import issue_link
from agency.rules.visit import visit_policy
from portal.collector.doors import claim_url, desk_page, routes
from portal.collector.fields import amount_of, as_note, currency_of
from portal.collector.words import VISIT_OUTCOMES, VISIT_STATES, reasons
from portal.shared.audience import StaffUnit, TheVisitor, TheWiring, leave_for
from portal.shared.forms import AmountField, Fields, Form, FormModel, blank, submitted
from portal.shared.i18n import N_, typed_money
from portal.shared.sessions import Visitor
from portal.shared.words import DISPUTE_REASONS, MESSAGE_STATES

_ADDRESS = "/claims/{creditor_id:uuid}/{claim_id:uuid}/visits"
_HOURS = tuple((f"{hour:02d}:00", f"{hour:02d}:00") for hour in range(8, 21))
# Which form stands on the page while the visit is where; None: no visit is announced.
_FORMS: Final = {
    "announce": None,
    "begin": VisitState.ANNOUNCED,
    "call_off": VisitState.ANNOUNCED,
    "report": VisitState.UNDER_WAY,
}
_CLAIM = text(
    "SELECT c.number, c.payment_reference, c.currency, d.name AS debtor, d.street, d.postal_code, d.city,"
    " d.country = 'BE' AND d.kind = 'consumer' AS hands_over,"
    " m.state AS message_state, m.channel, coalesce(m.posted_at, m.sent_at) AS sent_at FROM claim c"
    " JOIN debtor d ON d.creditor_id = c.creditor_id AND d.id = c.debtor_id"
    " LEFT JOIN message m ON m.creditor_id = c.creditor_id AND m.id = :message"
    " WHERE c.creditor_id = :creditor AND c.id = :claim"
)


class AnnounceForm(FormModel):
    """When somebody comes, and who."""

    day: date
    first: time
    last: time
    visitor: Annotated[str, Field(max_length=80)]


class BeginForm(FormModel):
    """The visitor carries an identification and will show it."""

    identified: bool = False


class ReportForm(FormModel):
    """How it went, with what the debtor promised or disputes."""

    outcome: VisitOutcome
    report: str = ""
    promised: AmountField | None = None
    promised_on: date | None = None
    dispute_reason: str = ""


class CallOffForm(FormModel):
    """Nothing but the press of the button."""


@routes.get(_ADDRESS)
def show(
    request: Request, unit: StaffUnit, visitor: TheVisitor, creditor_id: UUID, claim_id: UUID
) -> Response:
    """The visit that is announced, or the form to announce one, and all earlier ones."""
    return _page(request, unit, visitor, creditor_id, claim_id)


@routes.post(_ADDRESS)
def announce(
    request: Request, unit: StaffUnit, visitor: TheVisitor, fields: Fields, creditor_id: UUID, claim_id: UUID
) -> Response:
    """Announce a visit: the debtor reads the day, the hours, who comes, and that he may refuse."""
    form = submitted(AnnounceForm, fields)
    with form.attempt(unit), _in_words():
        data = form.data
        announce_visit(
            unit, creditor_id=creditor_id, claim_id=claim_id, day=data.day, first=data.first,
            last=data.last, visitor=data.visitor,
        )  # fmt: skip
    return _answer(
        request, unit, visitor, creditor_id, claim_id, ("announce", form), N_("The visit is announced.")
    )


@routes.post(_ADDRESS + "/{visit_id:uuid}/begin")
def begin(
    request: Request,
    unit: StaffUnit,
    visitor: TheVisitor,
    fields: Fields,
    creditor_id: UUID,
    claim_id: UUID,
    visit_id: UUID,
) -> Response:
    """At the door: the rules are asked in this moment."""
    form = submitted(BeginForm, fields)
    with form.attempt(unit), _in_words():
        begin_visit(unit, creditor_id=creditor_id, visit_id=visit_id, identified=form.data.identified)
    return _answer(
        request, unit, visitor, creditor_id, claim_id, ("begin", form), N_("You may ring the bell.")
    )


@routes.post(_ADDRESS + "/{visit_id:uuid}/code")
def code(
    request: Request, unit: StaffUnit, visitor: TheVisitor, wiring: TheWiring, creditor_id: UUID,
    claim_id: UUID, visit_id: UUID,
) -> Response:  # fmt: skip
    """A code that opens the debtor's own page to pay, on the debtor's own telephone."""
    visit = open_visit(unit, creditor_id=creditor_id, claim_id=claim_id)
    if visit is None or visit.id != visit_id:
        raise NotFound("no such visit")
    token = issue_link(unit, creditor_id=creditor_id, claim_id=claim_id)
    link = f"{wiring.settings.public_url.rstrip('/')}/pay/{token}"
    return _page(request, unit, visitor, creditor_id, claim_id, drawn=page_code(link))


@routes.post(_ADDRESS + "/{visit_id:uuid}/report")
def report(
    request: Request,
    unit: StaffUnit,
    visitor: TheVisitor,
    fields: Fields,
    creditor_id: UUID,
    claim_id: UUID,
    visit_id: UUID,
) -> Response:
    """Say how it went; what follows from it happens at once."""
    form = submitted(ReportForm, _asked(fields))
    with form.attempt(unit):
        data = form.data
        currency = currency_of(unit, creditor_id=creditor_id, claim_id=claim_id)
        report_visit(
            unit,
            creditor_id=creditor_id,
            visit_id=visit_id,
            report=VisitReport(
                outcome=data.outcome,
                words=data.report,
                promised=amount_of(data.promised, currency, "promised"),
                promised_on=data.promised_on,
                dispute_reason=data.dispute_reason,
            ),
        )
    for theirs, ours in (("amount", "promised"), ("due_on", "promised_on")):
        if theirs in form.errors:
            form.errors[ours] = form.errors.pop(theirs)
    if form.errors:
        form.values = {**fields, **form.values}
    return _answer(
        request, unit, visitor, creditor_id, claim_id, ("report", form), N_("The visit is on file.")
    )


@routes.post(_ADDRESS + "/{visit_id:uuid}/cancellation")
def call_off(
    request: Request,
    unit: StaffUnit,
    visitor: TheVisitor,
    fields: Fields,
    creditor_id: UUID,
    claim_id: UUID,
    visit_id: UUID,
) -> Response:
    """Call an announced visit off."""
    form = submitted(CallOffForm, fields)
    with form.attempt(unit):
        call_off_visit(unit, creditor_id=creditor_id, visit_id=visit_id)
    return _answer(
        request, unit, visitor, creditor_id, claim_id, ("call_off", form), N_("The visit is called off.")
    )


@contextmanager
def _in_words() -> Iterator[None]:
    """Say why the rules forbid a visit as their sentences do."""
    try:
        yield
    except UnableToVisit as refusal:
        raise Invalid(" ".join(reasons(refusal.decision.reasons))) from refusal


def _asked(fields: dict[str, object]) -> dict[str, object]:
    """What the form holds for another ending than the chosen one is left out."""
    unasked = {"promised", "promised_on"} if fields.get("outcome") != VisitOutcome.PROMISE else set()
    return {name: value for name, value in fields.items() if name not in unasked}


def _answer(
    request: Request, unit: Unit, visitor: Visitor, creditor_id: UUID, claim_id: UUID,
    sent: tuple[str, Form[Any]], done: str,
) -> Response:  # fmt: skip
    if sent[1].errors:
        return _page(request, unit, visitor, creditor_id, claim_id, failed=sent)
    return leave_for(f"{claim_url(creditor_id, claim_id)}/visits", notice=done)


def _page(
    request: Request,
    unit: Unit,
    visitor: Visitor,
    creditor_id: UUID,
    claim_id: UUID,
    *,
    failed: tuple[str, Form[Any]] | None = None,
    drawn: str = "",
) -> Response:
    visit = open_visit(unit, creditor_id=creditor_id, claim_id=claim_id)
    key = {"creditor": creditor_id, "claim": claim_id, "message": visit.message_id if visit else None}
    claim = unit.session.connection().execute(_CLAIM, key).one_or_none()
    if claim is None:
        raise NotFound("no such claim")
    policy = visit_policy(on=unit.today)
    town = " ".join(part for part in (claim.postal_code, claim.city) if part)
    owed = open_total(unit, creditor_id=creditor_id, claim_id=claim_id, on=unit.today)
    first_day = policy.first_day(unit.today)
    usual: dict[str, Form[Any]] = {
        "announce": blank(
            day="" if visit else _usual_day(unit, creditor_id, claim_id, first_day).isoformat(),
            first="10:00",
            last="12:00",
            visitor=visitor.name,
        ),
        "begin": blank(),
        "report": blank(promised=typed_money(owed)),
        "call_off": blank(),
    }
    return desk_page(
        request,
        "visit.html",
        status=422 if failed else 200,
        url=claim_url(creditor_id, claim_id),
        claim=claim,
        address=[part for part in (claim.street, town) if part],
        owed=owed,
        visit=visit,
        chip=VISIT_STATES[visit.state] if visit else None,
        message_chip=MESSAGE_STATES.get(claim.message_state),
        decision=_decision(unit, creditor_id, claim_id, visit),
        drawn=drawn,
        policy=policy,
        forms=usual | dict([failed] if failed else []),
        late=as_note(failed[1]) if failed and _FORMS[failed[0]] != (visit.state if visit else None) else None,
        hours=_HOURS,
        first_day=first_day.isoformat(),
        last_day=policy.last_day(unit.today).isoformat(),
        today=unit.today.isoformat(),
        outcomes=VISIT_OUTCOMES,
        dispute_reasons=[(k, v) for k, v in DISPUTE_REASONS.items() if k != "known_at_intake"],
        earlier=[_told(one) for one in visits_of_claim(unit, creditor_id=creditor_id, claim_id=claim_id)
                 if one.ended_at is not None],
    )  # fmt: skip


def _usual_day(unit: Unit, creditor_id: UUID, claim_id: UUID, first_day: date) -> date:
    """The first day on which anybody may be visited: not on a Sunday, nor too soon after another contact."""
    at = datetime.combine(first_day, time(10), tzinfo=AGENCY_ZONE)
    decision = may_announce(unit, creditor_id=creditor_id, claim_id=claim_id, at=at)
    return agency_day(decision.until) if decision.until else first_day


def _decision(unit: Unit, creditor_id: UUID, claim_id: UUID, visit: FieldVisit | None) -> dict[str, Any]:
    """What the rules say now: about announcing one, or about ringing the bell."""
    if visit is None:
        decision = may_announce(unit, creditor_id=creditor_id, claim_id=claim_id)
    else:
        decision = may_begin(unit, visit)
    return {
        "allowed": decision.verdict == "send",
        "why_not": reasons(decision.reasons),
        "until": decision.until,
        "trace": decision.trace,
    }


def _told(visit: FieldVisit) -> dict[str, Any]:
    outcome = next((label for value, label, _ in VISIT_OUTCOMES if value == visit.outcome), "")
    return {
        "day": visit.day,
        "visitor": visit.visitor,
        "chip": VISIT_STATES[visit.state],
        "outcome": outcome,
        "report": visit.report,
    }
