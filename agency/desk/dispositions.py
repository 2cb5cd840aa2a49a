"""Dispositions: how a call ended, and what follows from it."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text
from sqlmodel import select

from agency.arrangements.plans import Wish
from agency.arrangements.promises import make_promise
from agency.claims.holds import lawful_end, place_hold
from agency.claims.models import Claim
from agency.claims.states import HoldGround
from agency.desk.call_notes import send_call_note
from agency.desk.models import Call, Disposition, WorkKind
from agency.desk.notes import add_note
from agency.desk.queue import ask_for_person
from agency.disputes.raising import raise_dispute
from agency.events import CallMade
from agency.kernel.audit import record
from agency.kernel.emitting import emit
from agency.kernel.errors import Conflict, Invalid, NotFound
from agency.kernel.unit import AGENCY_ZONE, Unit
from agency.money import Money
from agency.parties.models import Debtor
from agency.rules.contact import contact_window
from agency.rules.facts import Channel
from agency.rules.frequency import frequency_rule

# After so many calls in a fortnight that reached nobody, another number or another way is looked for.
TRIES_MAX: Final = 3
_TRIES_WITHIN: Final = timedelta(days=14)
# Endings after which something can have been agreed with the debtor.
TALKED: Final = frozenset({Disposition.PROMISE, Disposition.RIGHT_PARTY, Disposition.REFUSES})
# What was said is looked into by a person, and nothing is asked meanwhile.
_RESTS_ON: Final = {
    Disposition.SAYS_PAID: HoldGround.SAYS_PAID,
    Disposition.NOT_ME: HoldGround.NOT_ME,
    Disposition.DEBT_HELP: HoldGround.DEBT_HELP,
    Disposition.DECEASED: HoldGround.DECEASED,
}
HARDSHIP_REVIEW: Final = timedelta(days=14)

# A number that is not this person's is so for each creditor he owes; whose it is may owe somebody, too.
_WRONG_NUMBER = text(
    "UPDATE contact_point p SET state = 'wrong' WHERE (p.creditor_id, p.debtor_id) IN"
    " (SELECT o.creditor_id, o.id FROM claim c JOIN debtor d ON d.creditor_id = c.creditor_id"
    "   AND d.id = c.debtor_id JOIN debtor o ON o.identity_id = d.identity_id"
    "    OR (o.creditor_id = d.creditor_id AND o.id = d.id)"
    "  WHERE c.creditor_id = :creditor AND c.id = :claim)"
    " AND p.channel = 'phone' AND p.value = :number"
)
_OTHER_NUMBER = text(
    "SELECT EXISTS (SELECT FROM contact_point p JOIN claim c ON c.creditor_id = p.creditor_id"
    " AND c.debtor_id = p.debtor_id WHERE c.creditor_id = :creditor AND c.id = :claim"
    " AND p.channel = 'phone' AND p.state = 'usable')"
)
_TRIES = text(
    "SELECT count(*) FROM call WHERE creditor_id = :creditor AND claim_id = :claim"
    " AND disposition IN ('no_answer', 'third_party') AND started_at > :since AND started_at > coalesce("
    " (SELECT max(started_at) FROM call k WHERE k.creditor_id = :creditor AND k.claim_id = :claim"
    "  AND k.disposition NOT IN ('no_answer', 'third_party')), '-infinity')"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class CallOutcome:
    """What a collector says about a call that has ended.

    `promised` and `promised_on` belong to a promise, `dispute_reason` to a dispute. With `to_confirm` what
    was agreed (the promise, or `plan`, and the `points` in words) is written to the debtor and counts once
    he confirms it.
    """

    disposition: Disposition
    note: str = ""
    promised: Money | None = None
    promised_on: date | None = None
    dispute_reason: str = ""
    to_confirm: bool = False
    points: str = ""
    plan: Wish | None = None


def close_call(unit: Unit, *, creditor_id: UUID, call_id: UUID, outcome: CallOutcome) -> None:
    """This function will record how a call ended and do what follows from it.

    A promise makes a promise and pauses the path; a dispute stops collection; hardship holds the claim and
    asks to look again; who has paid, is somebody else, is helped with his debts or is dead is left in peace
    until somebody has looked into it; nobody there asks for another call; a wrong number is never dialled
    again.

    :raises NotFound: no such call.
    :raises Conflict: the call has a disposition already, or the claim takes no promise.
    :raises Invalid: a promise lacks its amount or date, a dispute its reason, or nothing was agreed that
        could be confirmed.
    """
    call = unit.session.exec(
        select(Call).where(Call.creditor_id == creditor_id, Call.id == call_id).with_for_update()
    ).one_or_none()
    if call is None:
        raise NotFound("no such call")
    if call.disposition is not None:
        raise Conflict("this call was closed already")
    call.disposition, call.state, call.ended_at = outcome.disposition, "ended", call.ended_at or unit.now
    unit.session.flush()
    if outcome.note.strip():
        add_note(unit, creditor_id=creditor_id, claim_id=call.claim_id, words=outcome.note)
    _follow_up(unit, call, outcome)
    record(
        unit,
        action="call.closed",
        subject=f"call:{call.id}",
        creditor_id=creditor_id,
        facts={"claim": str(call.claim_id), "disposition": outcome.disposition.value},
    )
    emit(
        unit,
        CallMade(
            creditor_id=creditor_id,
            claim_id=call.claim_id,
            call_id=call.id,
            disposition=outcome.disposition.value,
        ),
    )


def spare_debtor(unit: Unit, *, creditor_id: UUID, claim_id: UUID, note: str, contact_id: UUID) -> None:
    """This function will hold the claim of a debtor who cannot pay, and ask to look again after a while.

    :param contact_id: the call or visit in which he said so.
    """
    place_hold(unit, creditor_id=creditor_id, claim_id=claim_id, ground=HoldGround.DEBT_HELP, note=note)
    ask_for_person(
        unit, creditor_id=creditor_id, claim_id=claim_id, kind=WorkKind.HARDSHIP,
        key=f"{WorkKind.HARDSHIP.value}:{contact_id}", due_at=unit.now + HARDSHIP_REVIEW,
    )  # fmt: skip


def _follow_up(unit: Unit, call: Call, outcome: CallOutcome) -> None:
    if outcome.to_confirm and outcome.disposition in TALKED:
        promise = _promised(outcome) if outcome.disposition is Disposition.PROMISE else None
        send_call_note(unit, call=call, points=outcome.points, promise=promise, plan=outcome.plan)
        return
    match outcome.disposition:
        case Disposition.PROMISE:
            _promise(unit, call, outcome)
        case Disposition.DISPUTE:
            if not outcome.dispute_reason:
                raise Invalid("say why the debtor disagrees", field="dispute_reason")
            raise_dispute(
                unit,
                creditor_id=call.creditor_id,
                claim_id=call.claim_id,
                reason=outcome.dispute_reason,
                words=outcome.note,
            )
        case Disposition.HARDSHIP:
            spare_debtor(
                unit, creditor_id=call.creditor_id, claim_id=call.claim_id, note=outcome.note,
                contact_id=call.id,
            )  # fmt: skip
        case Disposition.SAYS_PAID | Disposition.NOT_ME | Disposition.DEBT_HELP | Disposition.DECEASED:
            _leave_in_peace(unit, call, outcome)
        case Disposition.WRONG_NUMBER:
            _strike_number(unit, call)
        case Disposition.NO_ANSWER | Disposition.THIRD_PARTY:
            _try_again(unit, call)
        case Disposition.RIGHT_PARTY | Disposition.REFUSES:
            pass


def _promised(outcome: CallOutcome) -> tuple[Money, date]:
    if outcome.promised is None:
        raise Invalid("a promise needs an amount", field="promised")
    if outcome.promised_on is None:
        raise Invalid("a promise needs a day", field="promised_on")
    return outcome.promised, outcome.promised_on


def _promise(unit: Unit, call: Call, outcome: CallOutcome) -> None:
    amount, due_on = _promised(outcome)
    make_promise(unit, creditor_id=call.creditor_id, claim_id=call.claim_id, amount=amount, due_on=due_on)


def _leave_in_peace(unit: Unit, call: Call, outcome: CallOutcome) -> None:
    ground = _RESTS_ON[outcome.disposition]
    whose: dict[str, Any] = {"creditor_id": call.creditor_id, "claim_id": call.claim_id}
    try:
        last = lawful_end(unit, **whose, ground=ground, until=None)
    except Invalid as refusal:  # a company does not die
        raise Invalid(refusal.message, field="disposition") from None
    ends_at = datetime.combine(last + timedelta(days=1), time(), tzinfo=AGENCY_ZONE) if last else None
    place_hold(unit, **whose, ground=ground, note=outcome.note, ends_at=ends_at, lengthens=True)
    _ask(unit, call, WorkKind.ANSWER, reason=ground.value)


def _strike_number(unit: Unit, call: Call) -> None:
    connection = unit.session.connection()
    claim = {"creditor": call.creditor_id, "claim": call.claim_id}
    connection.execute(_WRONG_NUMBER, {**claim, "number": call.number})
    if not connection.execute(_OTHER_NUMBER, claim).scalar_one():
        _ask(unit, call, WorkKind.UNREACHABLE, reason="no_number")


def _try_again(unit: Unit, call: Call) -> None:
    tries = unit.session.connection().execute(
        _TRIES,
        {"creditor": call.creditor_id, "claim": call.claim_id, "since": unit.now - _TRIES_WITHIN},
    )
    if tries.scalar_one() >= TRIES_MAX:
        _ask(unit, call, WorkKind.UNREACHABLE, reason="no_answer")
    else:
        _ask(unit, call, WorkKind.CALL_BACK, due_at=_next_slot(unit, call))


def _next_slot(unit: Unit, call: Call) -> datetime:
    """When the rules allow the next call: not too soon after this one, and within the hours."""
    claim = unit.session.get_one(Claim, (call.creditor_id, call.claim_id))
    debtor = unit.session.get_one(Debtor, (call.creditor_id, claim.debtor_id))
    wait = timedelta(hours=frequency_rule(on=unit.today).hours_between)
    window = contact_window(
        country=debtor.country,
        region=debtor.region,
        channel=Channel.call,
        debtor=debtor.kind,
        at=call.started_at + wait,
    )
    return window.next_slot


def _ask(unit: Unit, call: Call, kind: WorkKind, *, reason: str = "", due_at: datetime | None = None) -> None:
    ask_for_person(
        unit,
        creditor_id=call.creditor_id,
        claim_id=call.claim_id,
        kind=kind,
        key=f"{kind.value}:{call.id}",
        reason=reason,
        due_at=due_at,
    )
