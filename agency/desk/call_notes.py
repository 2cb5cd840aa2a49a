"""What a call agreed on, written to the debtor with a page to confirm or correct it; confirmed, it counts.

Until the debtor answers the claim rests. A promise is made, or an offered plan taken, in the debtor's own
name when he confirms; the note, the message and his answer are the evidence.
"""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlmodel import col, select

from agency.arrangements.deciding import accept_offer, decline_offer
from agency.arrangements.plans import ComputedPlan, Wish, compute_plan, offer_plan
from agency.arrangements.promises import check_promise, make_promise
from agency.claims.holds import lift_holds_on, place_hold
from agency.claims.states import HoldGround
from agency.communication.planning import cancel_queued_step, queue_message
from agency.communication.values import date_text, money_text
from agency.desk.models import Agreed, Call, CallNote, CallNoteState
from agency.events import CallNoteAnswered, CallNoteSent, MessageBounced
from agency.kernel.emitting import emit
from agency.kernel.errors import Conflict, Invalid, NotFound
from agency.kernel.ids import new_id
from agency.kernel.unit import AGENCY_ZONE, Unit
from agency.money import Money
from agency.rules.facts import Channel
from agency.rules.tables import read_table, row_in_force

POINTS_MAX: Final = 10
WORDS_MAX: Final = 1_500
LANGUAGES: Final = ("nl", "fr", "en", "de")
_REACHED = text(
    "SELECT d.language, EXISTS (SELECT FROM contact_point p WHERE p.creditor_id = c.creditor_id"
    "  AND p.debtor_id = c.debtor_id AND p.channel = 'email' AND p.state = 'usable') AS by_mail"
    " FROM claim c JOIN debtor d ON d.creditor_id = c.creditor_id AND d.id = c.debtor_id"
    " WHERE c.creditor_id = :c AND c.id = :claim"
)


class UnableToConfirm(Conflict):
    """No note waits for the debtor's answer: it was answered, has lapsed, or was taken back."""


def answered_notes(unit: Unit, *, creditor_id: UUID, claim_id: UUID, limit: int) -> Sequence[CallNote]:
    """This function will return what debtors answered to notes of calls on a claim, the newest first."""
    return unit.session.exec(
        select(CallNote)
        .where(
            CallNote.creditor_id == creditor_id,
            CallNote.claim_id == claim_id,
            col(CallNote.answered_at).is_not(None),
        )
        .order_by(col(CallNote.answered_at).desc(), col(CallNote.id).desc())
        .limit(limit)
    ).all()


def send_call_note(
    unit: Unit,
    *,
    call: Call,
    points: str,
    promise: tuple[Money, date] | None = None,
    plan: Wish | None = None,
) -> UUID:
    """This function will write down for the debtor what a call agreed on, and return the note's id.

    :param points: what was agreed in words, one point a line.
    :param promise: amount and day; a note holds a promise or a plan, or only words.
    :raises Invalid: nothing was agreed, too much was written, or the promise or plan cannot be made.
    :raises UnableToConfirm: another note of this claim waits for its answer.
    """
    said = _said(points)
    whose: dict[str, Any] = {"creditor_id": call.creditor_id, "claim_id": call.claim_id}
    row = unit.session.connection().execute(_REACHED, {"c": call.creditor_id, "claim": call.claim_id}).one()
    language = row.language if row.language in LANGUAGES else "en"
    note = CallNote(
        **whose, id=new_id(), call_id=call.id, agreed=Agreed.NOTHING, points="", made_at=unit.now,
        made_by=unit.by, answer_by=unit.today + timedelta(days=_answer_days(unit.today)),
    )  # fmt: skip
    terms: list[str] = []
    if plan is not None:
        terms = _offer(unit, note, plan, language)
    elif promise is not None:
        terms = _promise_terms(unit, note, promise, language)
    if not terms and not said:
        raise Invalid("write what was agreed", field="points")
    lines = [*terms, *said]
    note.points = "\n".join(lines)
    _keep(unit, note)
    ends_at = datetime.combine(note.answer_by + timedelta(days=1), time(0), tzinfo=AGENCY_ZONE).astimezone(
        UTC
    )
    place_hold(unit, **whose, ground=HoldGround.AGREEMENT_TO_CONFIRM, ends_at=ends_at)
    note.message_id = queue_message(
        unit,
        **whose,
        channel=Channel.email if row.by_mail else Channel.letter,
        step=f"call_note:{note.id}",
        cycle=1,
        template="call_note",
        due_at=unit.now,
        facts={"note": {"lines": lines, "answer_by": note.answer_by.isoformat()}},
    )
    unit.session.flush()
    emit(unit, CallNoteSent(**whose, note_id=note.id, agreed=note.agreed))
    return note.id


def waiting_note(unit: Unit, *, creditor_id: UUID, claim_id: UUID, lock: bool = False) -> CallNote | None:
    """This function will return the note of a claim that waits for an answer, while it may be given."""
    statement = select(CallNote).where(
        CallNote.creditor_id == creditor_id,
        CallNote.claim_id == claim_id,
        CallNote.state == CallNoteState.WAITING,
        col(CallNote.answer_by) >= unit.today,
    )
    return unit.session.exec(statement.with_for_update() if lock else statement).one_or_none()


def confirm_note(unit: Unit, *, creditor_id: UUID, claim_id: UUID) -> None:
    """This function will let the debtor confirm what a call agreed on: the promise is made, the plan begins.

    :raises UnableToConfirm: no note waits.
    :raises Invalid, Conflict: the promise or the plan is not possible any more.
    """
    note = _to_answer(unit, creditor_id, claim_id)
    lift_holds_on(unit, creditor_id=creditor_id, claim_id=claim_id, ground=HoldGround.AGREEMENT_TO_CONFIRM)
    if note.agreed == Agreed.PROMISE:
        note.promise_id = make_promise(
            unit,
            creditor_id=creditor_id,
            claim_id=claim_id,
            amount=Money(int(note.terms["amount_minor"]), str(note.terms["currency"])),
            due_on=date.fromisoformat(str(note.terms["due_on"])),
        )
    if note.plan_id is not None:
        accept_offer(unit, creditor_id=creditor_id, plan_id=note.plan_id)
    _answer(unit, note, CallNoteState.CONFIRMED)


def correct_note(unit: Unit, *, creditor_id: UUID, claim_id: UUID, words: str) -> None:
    """This function will keep what the debtor says was agreed instead; the claim rests meanwhile.

    :raises UnableToConfirm: no note waits.
    :raises Invalid: nothing is said, or too much.
    """
    said = words.strip()
    if not said:
        raise Invalid("write what is not right", field="words")
    if len(said) > WORDS_MAX:
        raise Invalid(f"write at most {WORDS_MAX} characters", field="words")
    note = _to_answer(unit, creditor_id, claim_id)
    note.correction = said
    place_hold(unit, creditor_id=creditor_id, claim_id=claim_id, ground=HoldGround.AGREEMENT_TO_CONFIRM)
    if note.plan_id is not None:
        decline_offer(unit, creditor_id=creditor_id, plan_id=note.plan_id)
    _answer(unit, note, CallNoteState.CORRECTED)


def lapse_unanswered(unit: Unit) -> int:
    """This function will close notes whose last day has passed, and return how many there were."""
    notes = unit.session.exec(
        select(CallNote)
        .where(CallNote.state == CallNoteState.WAITING, col(CallNote.answer_by) < unit.today)
        .order_by(col(CallNote.creditor_id), col(CallNote.id))
        .with_for_update(skip_locked=True)
    ).all()
    for note in notes:
        _answer(unit, note, CallNoteState.LAPSED)
    return len(notes)


def drop_when_answered(unit: Unit, event: CallNoteAnswered) -> None:
    """This function will keep back a note that waits to leave: it was answered, or cannot be any more."""
    assert event.claim_id is not None, "a note belongs to a claim"
    _drop(unit, event.creditor_id, event.claim_id, event.note_id)


def drop_when_bounced(unit: Unit, event: MessageBounced) -> None:
    """This function will keep back the letter that takes the place of a mail that came back after all, when
    the debtor has answered what stood in it meanwhile."""
    assert event.claim_id is not None, "a message belongs to a claim"
    answered = select(CallNote.id).where(
        CallNote.creditor_id == event.creditor_id,
        CallNote.message_id == event.message_id,
        CallNote.state != CallNoteState.WAITING,
    )
    note_id = unit.session.exec(answered).one_or_none()
    if note_id is not None:
        _drop(unit, event.creditor_id, event.claim_id, note_id)


def _drop(unit: Unit, creditor_id: UUID, claim_id: UUID, note_id: UUID) -> None:
    cancel_queued_step(
        unit,
        creditor_id=creditor_id,
        claim_id=claim_id,
        step=f"call_note:{note_id}",
        why="call_note_answered",
    )


def _said(points: str) -> list[str]:
    said = [" ".join(line.split()) for line in points.splitlines() if line.strip()]
    if len(said) > POINTS_MAX or len(points) > WORDS_MAX:
        raise Invalid(f"write at most {POINTS_MAX} points, in {WORDS_MAX} characters", field="points")
    return said


def _promise_terms(unit: Unit, note: CallNote, promise: tuple[Money, date], language: str) -> list[str]:
    amount, due_on = promise
    check_promise(unit, creditor_id=note.creditor_id, claim_id=note.claim_id, amount=amount, due_on=due_on)
    note.agreed = Agreed.PROMISE
    note.terms = {"amount_minor": amount.minor, "currency": amount.currency, "due_on": due_on.isoformat()}
    note.answer_by = min(note.answer_by, due_on)
    sentence: str = read_table("call_note")["promise"][language]
    return [sentence.format(amount=money_text(amount, language), day=date_text(due_on, language))]


def _offer(unit: Unit, note: CallNote, wish: Wish, language: str) -> list[str]:
    """The plan as an offer that the debtor takes by confirming the note."""
    claims = [note.claim_id]
    computed = compute_plan(unit, creditor_id=note.creditor_id, claim_ids=claims, wish=wish)
    offered = offer_plan(unit, creditor_id=note.creditor_id, claim_ids=claims, wish=wish)
    note.agreed, note.plan_id = Agreed.PLAN, offered.id
    note.answer_by = min(
        filter(None, (note.answer_by, offered.answer_by, computed.schedule.instalments[0].due_on))
    )
    return [_plan_words(computed, language)]


def _plan_words(computed: ComputedPlan, language: str) -> str:
    parts = computed.schedule.instalments
    sentence: str = read_table("call_note")["plan" if len(parts) > 1 else "plan_one"][language]
    return sentence.format(
        count=len(parts),
        total=money_text(computed.schedule.total, language),
        amount=money_text(parts[0].amount, language),
        day=date_text(parts[0].due_on, language),
        last=date_text(computed.schedule.last_on, language),
    )


def _keep(unit: Unit, note: CallNote) -> None:
    try:
        with unit.session.begin_nested():
            unit.session.add(note)
    except IntegrityError as error:
        raise UnableToConfirm("another note of this claim waits for the debtor's answer") from error


def _to_answer(unit: Unit, creditor_id: UUID, claim_id: UUID) -> CallNote:
    note = waiting_note(unit, creditor_id=creditor_id, claim_id=claim_id, lock=True)
    if note is None:
        raise UnableToConfirm("there is nothing to confirm any more")
    return note


def _answer(unit: Unit, note: CallNote, state: CallNoteState) -> None:
    note.state, note.answered_at = state, unit.now
    unit.session.flush()
    emit(
        unit,
        CallNoteAnswered(
            creditor_id=note.creditor_id, claim_id=note.claim_id, note_id=note.id, answer=state.value,
            agreed=note.agreed,
        ),
    )  # fmt: skip


def _answer_days(on: date) -> int:
    row = row_in_force(read_table("call_note")["policy"], on)
    if row is None:
        raise NotFound("no policy for call notes reaches back to that day")
    return int(row["answer_days"])
