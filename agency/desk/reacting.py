"""What the desk does when something happens to a claim: ask for a person, or take the question back."""

from uuid import UUID

from sqlalchemy import text

from agency.desk.models import WorkKind
from agency.desk.queue import ask_for_person, drop_work, urgency
from agency.events import (
    CallDue,
    CallNoteAnswered,
    ClaimClosed,
    ClaimPaidOff,
    DisputeAnswered,
    DisputeRaised,
    DisputeResolved,
    Event,
    HoldPlaced,
    InstalmentMissed,
    PersonWanted,
    PlanAgreed,
    PlanEnded,
    PlanProposed,
    PromiseBroken,
    PromiseMade,
    QuoteAccepted,
)
from agency.kernel.unit import Unit
from agency.rules.holds import grounds_everywhere

# A debtor who gave one of these answers waits for somebody who looks into it.
_ANSWERS = ("not_me", "says_paid", "debt_help")
_CALLS = (WorkKind.CALL_DUE, WorkKind.CALL_BACK, WorkKind.PROMISE_BROKEN)

_OF_DEBTOR = text(
    "SELECT note FROM hold WHERE creditor_id = :creditor AND id = :hold AND starts_with(by, 'debtor:')"
)
_KNOWN_ELSEWHERE = text(
    "SELECT c.debtor_id FROM hold h JOIN claim c ON c.creditor_id = h.creditor_id AND c.id = h.claim_id"
    " WHERE h.creditor_id = :creditor AND h.id = :hold AND h.lifted_at IS NULL AND h.facts ? 'follows'"
    " AND NOT EXISTS (SELECT FROM hold o WHERE o.creditor_id = h.creditor_id"
    "  AND o.id = CAST(h.facts->>'follows' AS uuid))"
)
_DISPUTED_AT_INTAKE = text(
    "INSERT INTO work_item (creditor_id, id, claim_id, key, kind, reason, urgency, due_at, generation)"
    " SELECT d.creditor_id, uuidv7(), d.claim_id, 'dispute:' || d.id, :kind, d.reason, :urgency, :now, 0"
    " FROM dispute d JOIN claim c ON c.creditor_id = d.creditor_id AND c.id = d.claim_id"
    " WHERE c.creditor_id = :creditor AND c.placement_id = :placement AND d.resolved_at IS NULL"
    " ON CONFLICT (creditor_id, key) DO NOTHING"
)


def call_when_due(unit: Unit, event: CallDue) -> None:
    """This function will put a call that the path has come to on the queue."""
    _ask(
        unit,
        event,
        WorkKind.CALL_DUE,
        key=f"call:{event.claim_id}:{event.step}:{event.cycle}",
        reason=event.why,
    )


def ask_when_wanted(unit: Unit, event: PersonWanted) -> None:
    """This function will put a claim on the queue because the path does not know how to go on.

    :raises ValueError: the kind of work is not one of the desk's.
    """
    _ask(unit, event, WorkKind(event.work_kind), key=event.key, reason=event.reason)


def look_into_dispute(unit: Unit, event: DisputeRaised) -> None:
    """This function will ask for somebody who looks into a dispute."""
    _ask(unit, event, WorkKind.DISPUTE, key=f"dispute:{event.dispute_id}", reason=event.reason)


def ask_when_answered(unit: Unit, event: DisputeAnswered) -> None:
    """This function will ask for somebody who weighs what the creditor answered to a dispute."""
    _ask(
        unit,
        event,
        WorkKind.DISPUTE,
        key=f"dispute_answer:{event.dispute_id}:{unit.now.isoformat()}",
        reason="creditor_answered",
    )


def look_into_disputes(unit: Unit, event: QuoteAccepted) -> None:
    """This function will ask for somebody for every claim that was disputed before it was placed."""
    if event.placement_id is not None:
        unit.session.connection().execute(
            _DISPUTED_AT_INTAKE,
            {
                "creditor": event.creditor_id,
                "placement": event.placement_id,
                "kind": WorkKind.DISPUTE.value,
                "urgency": urgency(kind=WorkKind.DISPUTE, due_at=unit.now),
                "now": unit.now,
            },
        )


def look_into_answer(unit: Unit, event: HoldPlaced) -> None:
    """This function will ask for somebody when the debtor gave an answer that a person has to look into, or
    when he is held here, too, for what is known at another creditor: once for all that he owes here, and
    without a word of where it is known."""
    if event.ground in grounds_everywhere(on=unit.today):
        known = {"creditor": event.creditor_id, "hold": event.hold_id}
        debtor = unit.session.connection().execute(_KNOWN_ELSEWHERE, known).scalar()
        if debtor is not None:
            _ask(unit, event, WorkKind.ANSWER, key=f"person:{event.ground}:{debtor}", reason=event.ground)
    if event.ground not in _ANSWERS:
        return
    said = (
        unit.session.connection()
        .execute(_OF_DEBTOR, {"creditor": event.creditor_id, "hold": event.hold_id})
        .first()
    )
    if said is not None:
        _ask(unit, event, WorkKind.ANSWER, key=f"hold:{event.hold_id}", reason=event.ground)


def call_when_broken(unit: Unit, event: PromiseBroken) -> None:
    """This function will ask for a call about a promise that was not kept."""
    _ask(unit, event, WorkKind.PROMISE_BROKEN, key=f"promise:{event.promise_id}")


def decide_when_proposed(unit: Unit, event: PlanProposed) -> None:
    """This function will ask for somebody who answers a debtor's plan."""
    if event.lead:
        _ask(unit, event, WorkKind.ANSWER, key=f"plan:{event.plan_id}", reason="plan_proposed")


def ask_about_note(unit: Unit, event: CallNoteAnswered) -> None:
    """This function will ask for a person when a debtor corrected what a call agreed on, or was silent."""
    reasons = {"corrected": "note_corrected", "lapsed": "note_unanswered"}
    if event.answer in reasons:
        _ask(
            unit,
            event,
            WorkKind.ANSWER if event.answer == "corrected" else WorkKind.CALL_BACK,
            key=f"note:{event.note_id}",
            reason=reasons[event.answer],
        )


def call_when_missed(unit: Unit, event: InstalmentMissed) -> None:
    """This function will ask for a friendly call about an instalment that did not come."""
    if event.lead:
        _ask(
            unit,
            event,
            WorkKind.PROMISE_BROKEN,
            key=f"instalment:{event.plan_id}:{event.number}",
            reason="instalment_missed",
        )


def call_when_plan_ended(unit: Unit, event: PlanEnded) -> None:
    """This function will ask for a call about a plan that was broken."""
    if event.lead and event.outcome == "broken":
        _ask(unit, event, WorkKind.PROMISE_BROKEN, key=f"plan_broken:{event.plan_id}", reason="plan_broken")


def drop_when_plan_agreed(unit: Unit, event: PlanAgreed) -> None:
    """This function will take back the calls that an agreed plan makes needless."""
    _drop(unit, event, _CALLS)


def drop_when_ended(unit: Unit, event: ClaimPaidOff | ClaimClosed) -> None:
    """This function will take a claim off the queue when nothing is owed any more."""
    _drop(unit, event)


def drop_when_promised(unit: Unit, event: PromiseMade) -> None:
    """This function will take back the calls that a promise makes needless."""
    _drop(unit, event, _CALLS)


def drop_when_resolved(unit: Unit, event: DisputeResolved) -> None:
    """This function will take a dispute off the queue when it has its outcome."""
    _drop(unit, event, (WorkKind.DISPUTE,))


def _ask(unit: Unit, event: Event, kind: WorkKind, *, key: str, reason: str = "") -> None:
    ask_for_person(
        unit, creditor_id=event.creditor_id, claim_id=_claim(event), kind=kind, key=key, reason=reason
    )


def _drop(unit: Unit, event: Event, kinds: tuple[WorkKind, ...] = tuple(WorkKind)) -> None:
    drop_work(unit, creditor_id=event.creditor_id, claim_id=_claim(event), kinds=kinds)


def _claim(event: Event) -> UUID:
    assert event.claim_id is not None, "these events always name their claim"
    return event.claim_id
