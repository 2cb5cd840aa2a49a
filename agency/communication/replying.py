"""Answers to what a debtor did: a receipt for a payment, the confirmation of a promise."""

from typing import Any
from uuid import UUID

from sqlalchemy import text

from agency.communication.planning import queue_message
from agency.events import PaymentReceived, PromiseMade
from agency.kernel.unit import Unit
from agency.rules.facts import Channel

_EMAIL = text(
    "SELECT 1 FROM claim c JOIN contact_point p"
    "  ON p.creditor_id = c.creditor_id AND p.debtor_id = c.debtor_id"
    " WHERE c.creditor_id = :creditor AND c.id = :claim AND p.channel = 'email' AND p.state = 'usable'"
    " LIMIT 1"
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
    """This function will write down for the debtor what was agreed."""
    told = {"amount_minor": event.amount_minor, "currency": event.currency, "due_on": event.due_on}
    _reply(
        unit, event.creditor_id, event.claim_id, "promise_confirmation", event.promise_id, {"promise": told}
    )


def _reply(
    unit: Unit,
    creditor_id: UUID,
    claim_id: UUID | None,
    template: str,
    subject_id: UUID,
    told: dict[str, Any],
) -> None:
    """Answers go by e-mail only: nobody waits for a letter of thanks."""
    if claim_id is None:
        return
    reachable = unit.session.connection().execute(_EMAIL, {"creditor": creditor_id, "claim": claim_id})
    if reachable.one_or_none() is None:
        return
    queue_message(
        unit,
        creditor_id=creditor_id,
        claim_id=claim_id,
        channel=Channel.email,
        step=f"{template}:{subject_id}",
        cycle=1,
        template=template,
        due_at=unit.now,
        facts=told,
    )
