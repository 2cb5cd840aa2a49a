"""What treatment does when something happens to a claim."""

from typing import Any
from uuid import UUID

from sqlalchemy import Row, text

from agency.communication.mandatory import ELSE_ON_PAPER, MUST_ARRIVE, REPLIES
from agency.communication.planning import cancel_queued, queue_message
from agency.communication.print_batches.deciding import LOST_AT_THE_PRINTER
from agency.communication.values import TOLD
from agency.events import (
    ClaimClosed,
    ClaimPaidOff,
    DisputeRaised,
    DisputeResolved,
    DueDateCorrected,
    InformationExpired,
    InformationSolved,
    MessageBounced,
    PartOwedAgain,
    PaymentReversed,
    PlanEnded,
    PlanRefused,
    PriceRiseAccepted,
    PriceRiseDropped,
    PromiseBroken,
    PromiseWithdrawn,
    QuoteAccepted,
    SettlementEnded,
)
from agency.kernel.unit import Unit
from agency.rules.facts import Channel
from agency.treatment.notices import withdraw_term
from agency.treatment.starting import start_treatment

_BOUNCED = text(
    "SELECT m.step, m.cycle, m.channel, m.amounts, t.key AS template FROM message m"
    " JOIN template t ON t.id = m.template_id WHERE m.creditor_id = :creditor AND m.id = :message"
)
# What rested on a notice that did not arrive did not happen in law: it is gone through again after a new one.
_CAME_BACK = text(
    "UPDATE treatment_step s SET state = 'dropped', done_at = :now, why = 'came back'"
    " FROM treatment_step back WHERE back.creditor_id = :creditor AND back.claim_id = :claim"
    " AND back.step = :step AND back.cycle = :cycle AND back.state IN ('planned', 'done')"
    " AND s.creditor_id = back.creditor_id AND s.claim_id = back.claim_id"
    " AND (s.id = back.id OR :notice AND s.state = 'done' AND s.done_at >= back.done_at)"
    " AND EXISTS (SELECT FROM treatment t WHERE t.creditor_id = s.creditor_id AND t.claim_id = s.claim_id"
    "  AND t.ended_at IS NULL)"
)
_REACHED_AGAIN = text(
    "WITH same AS MATERIALIZED (SELECT o.creditor_id, c.id FROM debtor d JOIN debtor o"
    "  ON (o.creditor_id, o.id) = (d.creditor_id, d.id) OR o.identity_id = d.identity_id"
    "  JOIN claim c ON c.creditor_id = o.creditor_id AND c.debtor_id = o.id"
    "  WHERE d.creditor_id = :creditor AND d.id = :debtor),"
    " again AS (UPDATE treatment_step s SET why = 'reached again' FROM same"
    "  WHERE s.creditor_id = same.creditor_id AND s.claim_id = same.id AND s.state = 'dropped'"
    "  AND s.why LIKE '%contact_point_broken%')"
    " UPDATE treatment t SET next_on = :today FROM same WHERE t.creditor_id = same.creditor_id"
    " AND t.claim_id = same.id AND t.ended_at IS NULL AND t.next_on > :today"
)
_LOOK_TODAY = text(
    "UPDATE treatment SET next_on = :today WHERE creditor_id = :creditor AND claim_id = :claim"
    " AND ended_at IS NULL AND next_on > :today"
)
_END = text(
    "UPDATE treatment SET ended_at = :now, end_reason = :why"
    " WHERE creditor_id = :creditor AND claim_id = :claim AND ended_at IS NULL"
)
_REOPEN = text(
    "UPDATE treatment SET ended_at = NULL, end_reason = NULL, next_on = :today"
    " WHERE creditor_id = :creditor AND claim_id = :claim AND end_reason IN ('paid', 'closed')"
    " AND EXISTS (SELECT FROM claim c WHERE c.creditor_id = :creditor AND c.id = :claim"
    "  AND c.state = 'active')"
)


def begin_placement(unit: Unit, event: QuoteAccepted) -> None:
    """This function will start treatment of a placement whose price was accepted."""
    if event.placement_id is not None:
        start_treatment(unit, placement_id=event.placement_id)


def stop_when_ended(unit: Unit, event: ClaimPaidOff | ClaimClosed) -> None:
    """This function will cancel what waits and end the path; thanks and receipts still go out."""
    creditor_id, claim_id = event.creditor_id, _claim(event.claim_id)
    why = "paid" if isinstance(event, ClaimPaidOff) else "closed"
    cancel_queued(unit, creditor_id=creditor_id, claim_id=claim_id, why=why, keep=sorted(REPLIES))
    unit.session.connection().execute(
        _END, {"creditor": creditor_id, "claim": claim_id, "now": unit.now, "why": why}
    )


def resume_when_reversed(unit: Unit, event: PaymentReversed) -> None:
    """This function will take up the path again where it stood, after a payment was taken back."""
    _reopen(unit, event.creditor_id, _claim(event.claim_id))


def resume_when_owed_again(unit: Unit, event: PartOwedAgain) -> None:
    """This function will take up the path again where it stood, after what was given up is owed again."""
    _reopen(unit, event.creditor_id, _claim(event.claim_id))


def _plan_anew(unit: Unit, event: DisputeRaised | DueDateCorrected, *, why: str) -> None:
    whose = {"creditor_id": event.creditor_id, "claim_id": _claim(event.claim_id)}
    look_today(unit, **whose)
    cancel_queued(unit, **whose, why=why, keep=sorted(REPLIES))


def stop_when_disputed(unit: Unit, event: DisputeRaised) -> None:
    """This function will cancel what waits, because it asks too much now; the planner looks again today, and
    stands still where nothing else than the disputed lines is open."""
    _plan_anew(unit, event, why="disputed")


def plan_again_when_corrected(unit: Unit, event: DueDateCorrected) -> None:
    """This function will cancel what waits, because it names another day and its interest; the planner looks
    again today."""
    _plan_anew(unit, event, why="due_date_corrected")


def resume_when_resolved(unit: Unit, event: DisputeResolved) -> None:
    """This function will have the planner look at the claim again today."""
    look_today(unit, creditor_id=event.creditor_id, claim_id=_claim(event.claim_id))


def resume_when_informed(unit: Unit, event: InformationSolved | InformationExpired) -> None:
    """This function will have the planner look at the claim today, now that nothing is waited for."""
    look_today(unit, creditor_id=event.creditor_id, claim_id=_claim(event.claim_id))


def resume_when_broken(unit: Unit, event: PromiseBroken | PromiseWithdrawn) -> None:
    """This function will have the planner look at the claim again today."""
    look_today(unit, creditor_id=event.creditor_id, claim_id=_claim(event.claim_id))


def resume_when_plan_ended(unit: Unit, event: PlanEnded | PlanRefused | SettlementEnded) -> None:
    """This function will have the planner look at the claim again today, now that nothing is agreed on it."""
    look_today(unit, creditor_id=event.creditor_id, claim_id=_claim(event.claim_id))


def resume_when_price_answered(unit: Unit, event: PriceRiseAccepted | PriceRiseDropped) -> None:
    """This function will have the planner look at the claim today, now that no higher price is asked for."""
    look_today(unit, creditor_id=event.creditor_id, claim_id=_claim(event.claim_id))


def write_when_bounced(unit: Unit, event: MessageBounced) -> None:
    """This function will send on paper what must arrive or is waited for, as it was asked for by mail, and
    take the term of a returned notice back; what came back on paper and must arrive is planned anew."""
    creditor_id, claim_id = event.creditor_id, _claim(event.claim_id)
    row = (
        unit.session.connection()
        .execute(_BOUNCED, {"creditor": creditor_id, "message": event.message_id})
        .one()
    )
    withdraw_term(unit, creditor_id=creditor_id, claim_id=claim_id, message_id=event.message_id)
    is_copy = row.step.endswith("_copy")
    lost = event.reason == LOST_AT_THE_PRINTER
    if row.channel != Channel.letter:
        if row.template in ELSE_ON_PAPER and not is_copy:
            _queue_letter(unit, event, row, cycle=row.cycle)
    elif lost or (row.template in MUST_ARRIVE and not is_copy):
        on_path = _plan_step_anew(unit, event, row)
        if lost and not on_path:
            _queue_letter(unit, event, row, cycle=row.cycle + 1)


def _plan_step_anew(unit: Unit, event: MessageBounced, row: Row[Any]) -> bool:
    """Take a step back whose letter did not arrive; whether it was one of the path's own."""
    whose = {"creditor": event.creditor_id, "claim": _claim(event.claim_id)}
    notice = row.template.startswith("notice") and not row.step.endswith("_copy")
    values = {"step": row.step, "cycle": row.cycle, "now": unit.now, "notice": notice}
    dropped = unit.session.connection().execute(_CAME_BACK, whose | values).rowcount
    look_today(unit, creditor_id=event.creditor_id, claim_id=_claim(event.claim_id))
    return dropped > 0


def _queue_letter(unit: Unit, event: MessageBounced, row: Row[Any], *, cycle: int) -> None:
    queue_message(
        unit,
        creditor_id=event.creditor_id,
        claim_id=_claim(event.claim_id),
        channel=Channel.letter,
        step=row.step,
        cycle=cycle,
        template=row.template,
        due_at=unit.now,
        facts={name: row.amounts[name] for name in TOLD if name in row.amounts},
    )


def go_on_when_reachable(unit: Unit, *, creditor_id: UUID, debtor_id: UUID) -> None:
    """This function will have the planner look today at all that a person owes, of whom a way to reach him
    became known: what was left because there was none does not count as tried."""
    unit.session.connection().execute(
        _REACHED_AGAIN, {"creditor": creditor_id, "debtor": debtor_id, "today": unit.today}
    )


def look_today(unit: Unit, *, creditor_id: UUID, claim_id: UUID) -> None:
    """This function will bring a claim's turn with the planner forward to today."""
    unit.session.connection().execute(
        _LOOK_TODAY, {"creditor": creditor_id, "claim": claim_id, "today": unit.today}
    )


def _reopen(unit: Unit, creditor_id: UUID, claim_id: UUID) -> None:
    unit.session.connection().execute(
        _REOPEN, {"creditor": creditor_id, "claim": claim_id, "today": unit.today}
    )


def _claim(claim_id: UUID | None) -> UUID:
    assert claim_id is not None, "these events always name their claim"
    return claim_id
