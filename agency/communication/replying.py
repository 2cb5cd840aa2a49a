"""Answers to what a debtor did: receipts, confirmations of promises and plans, and what happens to a plan."""

from typing import Any
from uuid import UUID

from sqlalchemy import text

from agency.communication.planning import cancel_queued_step, queue_message
from agency.events import (
    InstalmentGivenBack,
    InstalmentMissed,
    PaymentReceived,
    PlanAgreed,
    PlanEnded,
    PromiseMade,
    PromiseWithdrawn,
)
from agency.kernel.unit import Unit
from agency.money import Money
from agency.rules.facts import Channel

_EMAIL = text(
    "SELECT 1 FROM claim c JOIN contact_point p"
    "  ON p.creditor_id = c.creditor_id AND p.debtor_id = c.debtor_id"
    " WHERE c.creditor_id = :creditor AND c.id = :claim AND p.channel = 'email' AND p.state = 'usable'"
    " LIMIT 1"
)
_PARTS = text(
    "SELECT i.due_on, i.amount_minor, p.currency FROM plan_instalment i"
    " JOIN plan p ON p.creditor_id = i.creditor_id AND p.id = i.plan_id"
    " WHERE i.creditor_id = :creditor AND i.plan_id = :plan ORDER BY i.number"
)
_STANDS = text(
    "SELECT 1 FROM promise WHERE creditor_id = :creditor AND id = :promise AND state <> 'cancelled'"
)
_PAID_ON = text("SELECT value_on FROM payment WHERE creditor_id = :creditor AND id = :payment")


def confirm_payment(unit: Unit, event: PaymentReceived) -> None:
    """This function will thank for a payment and say what is still open."""
    paid_on = unit.session.connection().execute(
        _PAID_ON, {"creditor": event.creditor_id, "payment": event.payment_id}
    )
    day = paid_on.scalar_one_or_none() or unit.today
    told = {"amount_minor": event.amount_minor, "currency": event.currency, "on": day.isoformat()}
    _reply(unit, event.creditor_id, event.claim_id, "payment_receipt", event.payment_id, {"payment": told})


def confirm_promise(unit: Unit, event: PromiseMade) -> None:
    """This function will write down for the debtor what was agreed, unless he has taken it back already."""
    stands = unit.session.connection().execute(
        _STANDS, {"creditor": event.creditor_id, "promise": event.promise_id}
    )
    if stands.one_or_none() is None:
        return
    told = {"amount_minor": event.amount_minor, "currency": event.currency, "due_on": event.due_on}
    _reply(
        unit, event.creditor_id, event.claim_id, "promise_confirmation", event.promise_id, {"promise": told}
    )


def drop_confirmation(unit: Unit, event: PromiseWithdrawn) -> None:
    """This function will not confirm a promise that does not stand any more, if that was not sent yet."""
    assert event.claim_id is not None, "a promise belongs to a claim"
    cancel_queued_step(
        unit,
        creditor_id=event.creditor_id,
        claim_id=event.claim_id,
        step=f"promise_confirmation:{event.promise_id}",
        why="promise_withdrawn",
    )


def confirm_plan(unit: Unit, event: PlanAgreed) -> None:
    """This function will write down for the debtor which plan was agreed, payment by payment."""
    if event.lead:
        first = {"amount_minor": event.amount_minor, "due_on": event.due_on}
        _about_plan(unit, event, "plan_agreed", str(event.plan_id), first, on_paper=True)


def tell_missed(unit: Unit, event: InstalmentMissed) -> None:
    """This function will tell the debtor which payment of the plan did not come, when he may be contacted."""
    if event.lead:
        missed = {"amount_minor": event.amount_minor, "due_on": event.due_on}
        _about_plan(unit, event, "plan_missed", f"{event.plan_id}:{event.number}", missed)


def tell_given_back(unit: Unit, event: InstalmentGivenBack) -> None:
    """This function will tell the debtor that an instalment was not collected: he thinks it was paid."""
    back = {"amount_minor": event.amount_minor, "due_on": event.due_on}
    _about_plan(unit, event, "plan_given_back", f"{event.plan_id}:{event.number}", back, on_paper=True)


def confirm_completed(unit: Unit, event: PlanEnded) -> None:
    """This function will confirm that every payment of a plan was made; other ends are told by a person. A
    plan that ran on after a payment was taken back is confirmed again."""
    if event.lead and event.outcome == "completed":
        last = {"amount_minor": 0, "due_on": unit.today.isoformat()}
        _about_plan(unit, event, "plan_completed", f"{event.plan_id}:{event.ended_on}", last)


def ask_for_account(
    unit: Unit, *, creditor_id: UUID, claim_id: UUID, request_id: UUID, amount: Money
) -> bool:
    """This function will ask the debtor to which account a refund may go, by a link to his own page.

    :returns: whether he can be reached by e-mail.
    """
    told = {"amount_minor": amount.minor, "currency": amount.currency, "on": unit.today.isoformat()}
    return _reply(unit, creditor_id, claim_id, "refund_account", request_id, {"refund": told})


def _about_plan(
    unit: Unit,
    event: PlanAgreed | InstalmentMissed | InstalmentGivenBack | PlanEnded,
    template: str,
    subject: str,
    payment: dict[str, Any],
    *,
    on_paper: bool = False,
) -> None:
    rows = unit.session.connection().execute(_PARTS, {"creditor": event.creditor_id, "plan": event.plan_id})
    parts = rows.all()
    plan = {
        **payment,
        "total_minor": sum(row.amount_minor for row in parts),
        "currency": parts[0].currency,
        "parts": [[row.due_on.isoformat(), row.amount_minor] for row in parts],
    }
    _reply(unit, event.creditor_id, event.claim_id, template, subject, {"plan": plan}, on_paper=on_paper)


def _reply(
    unit: Unit,
    creditor_id: UUID,
    claim_id: UUID | None,
    template: str,
    subject_id: UUID | str,
    told: dict[str, Any],
    *,
    on_paper: bool = False,
) -> bool:
    """Answers go by e-mail: nobody waits for a letter of thanks. What was agreed for months goes on paper
    where there is no address for mail (`on_paper`).

    :returns: whether it goes.
    """
    if claim_id is None:
        return False
    reachable = unit.session.connection().execute(_EMAIL, {"creditor": creditor_id, "claim": claim_id})
    by_mail = reachable.one_or_none() is not None
    if not by_mail and not on_paper:
        return False
    queue_message(
        unit,
        creditor_id=creditor_id,
        claim_id=claim_id,
        channel=Channel.email if by_mail else Channel.letter,
        step=f"{template}:{subject_id}",
        cycle=1,
        template=template,
        due_at=unit.now,
        facts=told,
    )
    return True
