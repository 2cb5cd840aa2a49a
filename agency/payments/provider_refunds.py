"""Refunds by the payment provider: reserved, asked with our id as key, confirmed by what the provider lists.

A lost answer leaves a refund `sending`. It is never asked for again before the provider's own list of the
payment's refunds was looked at, so the money leaves once.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import text
from sqlmodel import col, select

from agency.kernel.actor import actor
from agency.kernel.outbox import enqueue
from agency.kernel.ports import installed_ports
from agency.kernel.unit import Door, Unit, Units
from agency.money import Money
from agency.payments.models import HeldPayment, Payment, Refund, RefundRoute, RefundState
from agency.payments.refunds import book_refund, end_refund, pay_refund, refund_to_change
from agency.ports.providers import ProviderRefund, ProviderRefused


@dataclass(frozen=True, slots=True)
class Order:
    """What the provider is asked to give back; `repeated` when it may have heard it before."""

    creditor_id: UUID
    payment_ref: str
    amount: Money
    description: str
    repeated: bool


@actor(queue="payments", own_units=True)
def send_refund(units: Units, *, refund_id: str) -> None:
    """This job will have the provider carry out an approved refund, once.

    :raises ProviderTransient, ProviderAmbiguous: it could not be asked, or its answer was lost; the job is
        tried again.
    """
    with units.open(Door.WORKER, by="system:payments") as unit:
        order = _reserve(unit, UUID(refund_id))
    if order is None:
        return
    try:
        done = _find(order, refund_id) if order.repeated else None
        done = done or installed_ports().payments.refund(
            payment_ref=order.payment_ref,
            refund_id=refund_id,
            amount=order.amount,
            description=order.description,
        )
    except ProviderRefused as refused:
        with units.open(Door.WORKER, by="system:payments") as unit:
            _give_up(unit, order, UUID(refund_id), refused.reason)
        return
    with units.open(Door.WORKER, by="system:payments") as unit:
        _outdate_questions(unit, order)
        take_refunds(unit, creditor_id=order.creditor_id, said=[done])


@actor(queue="payments")
def send_waiting_refunds(unit: Unit) -> None:
    """This job will have refunds tried again whose carrying out was never confirmed."""
    waiting = unit.session.exec(
        select(Refund.id)
        .where(
            Refund.route == RefundRoute.PROVIDER,
            col(Refund.state).in_([RefundState.APPROVED, RefundState.SENDING]),
        )
        .order_by(col(Refund.requested_at))
        .limit(500)
    )
    for refund_id in waiting.all():
        key = f"send_refund:{refund_id}:{unit.now:%Y%m%d%H}"
        enqueue(unit, send_refund, key=key, refund_id=str(refund_id))


def take_refunds(unit: Unit, *, creditor_id: UUID, said: Sequence[ProviderRefund]) -> None:
    """This function will bring our own refunds to what the provider says of them; others are not ours."""
    for one in said:
        try:
            own_id = UUID(one.refund_id)
        except ValueError:
            continue
        if unit.session.get(Refund, (creditor_id, own_id)) is None:
            continue
        refund = refund_to_change(unit, creditor_id=creditor_id, refund_id=own_id)
        refund.provider_ref = one.ref
        if one.failed and refund.state in (RefundState.SENDING, RefundState.PAID):
            end_refund(unit, refund, RefundState.REJECTED, "the payment provider could not carry it out")
        elif not one.failed and refund.state == RefundState.SENDING:
            if _stands(unit, refund):
                book_refund(unit, refund, unit.today)
            pay_refund(unit, refund)


def _reserve(unit: Unit, refund_id: UUID) -> Order | None:
    creditor_id = unit.session.exec(select(Refund.creditor_id).where(Refund.id == refund_id)).one()
    refund = refund_to_change(unit, creditor_id=creditor_id, refund_id=refund_id)
    if refund.route != RefundRoute.PROVIDER or refund.state not in (
        RefundState.APPROVED,
        RefundState.SENDING,
    ):
        return None
    repeated = refund.state == RefundState.SENDING
    refund.state = RefundState.SENDING
    unit.session.add(refund)
    number = unit.session.connection().execute(
        text("SELECT number FROM claim WHERE creditor_id = :c AND id = :id"),
        {"c": creditor_id, "id": refund.claim_id},
    )
    return Order(
        creditor_id,
        _origin(unit, refund).source_key.partition("#")[0],
        Money(refund.amount_minor, refund.currency),
        f"Terugbetaling dossier {number.scalar_one()}",
        repeated,
    )


def _find(order: Order, refund_id: str) -> ProviderRefund | None:
    payment = installed_ports().payments.fetch(order.payment_ref)
    return next((refund for refund in payment.refunds if refund.refund_id == refund_id), None)


def _origin(unit: Unit, refund: Refund) -> Payment | HeldPayment:
    if refund.payment_id:
        return unit.session.get_one(Payment, (refund.creditor_id, refund.payment_id), populate_existing=True)
    return unit.session.get_one(HeldPayment, (refund.creditor_id, refund.held_id), populate_existing=True)


def _stands(unit: Unit, refund: Refund) -> bool:
    """Whether what it refunds is still booked; else the provider's lower sum says it all."""
    origin = _origin(unit, refund)
    return (origin.reversed_at if isinstance(origin, Payment) else origin.ended_at) is None


def _give_up(unit: Unit, order: Order, refund_id: UUID, why: str) -> None:
    refund = refund_to_change(unit, creditor_id=order.creditor_id, refund_id=refund_id)
    if refund.state == RefundState.SENDING:
        end_refund(unit, refund, RefundState.REJECTED, why[:300])


def _outdate_questions(unit: Unit, order: Order) -> None:
    """An answer that left the provider before the refund must not be applied after it."""
    unit.session.connection().execute(
        text(
            "UPDATE payment_intent SET generation = generation + 1"
            " WHERE creditor_id = :c AND provider_ref = :ref"
        ),
        {"c": order.creditor_id, "ref": order.payment_ref},
    )
