"""Payments that debtors start at the provider: reserved with our id, opened with it as key, then recorded.

Nothing is held open while the provider is asked. A lost answer leaves the intent `creating`: the page says
that the payment is being checked, and a job asks again with the same key.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal
from uuid import UUID

from sqlmodel import col, select

from agency.claims.itemisation import open_total
from agency.claims.models import Claim
from agency.claims.states import ClaimState
from agency.events import PaymentStarted
from agency.kernel.emitting import emit
from agency.kernel.errors import Conflict, Invalid
from agency.kernel.ids import new_id
from agency.kernel.locks import lock_claims
from agency.kernel.unit import Door, Unit, Units
from agency.money import Money
from agency.payments.models import IntentState, PaymentIntent, PaymentIntentPart
from agency.ports.providers import PaymentProvider, ProviderAmbiguous, ProviderRefused, ProviderTransient

# Another tab's open payment is taken up again within this time; a provider's page does not live for ever.
REUSE_WITHIN = timedelta(minutes=15)
PAYMENT_MINOR_MIN = 100


class UnableToStartPayment(Conflict):
    """The claim cannot be paid online now."""


class AmountNotAllowed(Invalid):
    """The amount is more than what is owed, or too small to be worth a transfer."""


@dataclass(frozen=True, slots=True)
class Part:
    """What one claim gets of a payment for several of one debtor's claims at one creditor."""

    claim_id: UUID
    amount: Money


@dataclass(frozen=True, slots=True)
class StartedPayment:
    """Where to send the debtor; without a `checkout_url` the page says that the payment is being checked."""

    intent_id: UUID
    state: Literal["open", "being_checked"]
    checkout_url: str | None = None


def start_payment(
    units: Units,
    *,
    creditor_id: UUID,
    claim_id: UUID,
    amount: Money | None,
    provider: PaymentProvider,
    redirect_url: str,
    webhook_url: str,
    locale: str,
    by: str,
    parts: Sequence[Part] = (),
) -> StartedPayment:
    """This function will open a payment at the provider, or take up the one that is open already.

    :param amount: part of what is owed; None for all of it. The server recomputes what is owed.
    :param parts: instead, what each of several claims gets, in the order in which they are paid off; all of
        the debtor whose link this is, as the caller has proved, and worked out by it at this moment.
    :raises UnableToStartPayment: the claim is not being collected, nothing is owed, or the provider refused.
    :raises AmountNotAllowed: too much or too little.
    """
    with units.open(Door.DEBTOR, by=by, creditor_id=creditor_id, claim_id=claim_id) as unit:
        intent, description = reserve(
            unit, creditor_id=creditor_id, claim_id=claim_id, amount=amount, parts=parts
        )
    if intent.checkout_url:
        return StartedPayment(intent.id, "open", intent.checkout_url)
    try:
        created = provider.create(
            intent_id=str(intent.id),
            amount=Money(intent.amount_minor, intent.currency),
            description=description,
            redirect_url=redirect_url,
            webhook_url=webhook_url,
            locale=locale,
        )
    except (ProviderAmbiguous, ProviderTransient):
        return StartedPayment(intent.id, "being_checked")
    except ProviderRefused as refused:
        with units.open(Door.DEBTOR, by=by, creditor_id=creditor_id, claim_id=claim_id) as unit:
            _fail(unit, intent)
        raise UnableToStartPayment("the payment could not be started; try again later") from refused
    with units.open(Door.DEBTOR, by=by, creditor_id=creditor_id, claim_id=claim_id) as unit:
        record_created(
            unit,
            creditor_id=creditor_id,
            intent_id=intent.id,
            ref=created.ref,
            checkout_url=created.checkout_url,
        )
    return StartedPayment(intent.id, "open", created.checkout_url)


def reserve(
    unit: Unit, *, creditor_id: UUID, claim_id: UUID, amount: Money | None, parts: Sequence[Part] = ()
) -> tuple[PaymentIntent, str]:
    """This function will return the intent to open at the provider and the text for the debtor's statement.

    The claim's row is locked, so two tabs get one and the same intent.

    :raises UnableToStartPayment, AmountNotAllowed: see `start_payment`.
    """
    lock_claims(unit, creditor_id=creditor_id, claim_ids=[claim_id])
    claim = unit.session.get(Claim, (creditor_id, claim_id), populate_existing=True)
    if claim is None or (claim.state != ClaimState.ACTIVE and not parts):
        raise UnableToStartPayment("nothing can be paid on this claim now")
    if parts:
        together = Money.total((part.amount for part in parts), claim.currency)
        wanted = _check_amount(together, together)
    else:
        owed = open_total(unit, creditor_id=creditor_id, claim_id=claim_id, on=unit.today)
        wanted = _check_amount(_asked(unit, claim, owed) if amount is None else amount, owed)
    description = f"{claim.payment_reference} {claim.number}"
    same = _reusable(unit, claim, wanted, parts)
    return same or _add(unit, claim, wanted, parts), description


def _reusable(unit: Unit, claim: Claim, wanted: Money, parts: Sequence[Part]) -> PaymentIntent | None:
    """The latest payment of these claims and amounts that another tab has opened, if it is fresh enough."""
    found = unit.session.exec(
        select(PaymentIntent)
        .where(
            PaymentIntent.creditor_id == claim.creditor_id,
            PaymentIntent.claim_id == claim.id,
            PaymentIntent.amount_minor == wanted.minor,
            col(PaymentIntent.state).in_([IntentState.CREATING, IntentState.OPEN]),
            PaymentIntent.created_at > unit.now - REUSE_WITHIN,
        )
        .order_by(col(PaymentIntent.created_at).desc())
    ).all()
    asked = [(part.claim_id, part.amount.minor) for part in parts]
    return next(
        (
            intent
            for intent in found
            if [(part.claim_id, part.amount_minor) for part in parts_of(unit, intent)] == asked
        ),
        None,
    )


def _add(unit: Unit, claim: Claim, wanted: Money, parts: Sequence[Part]) -> PaymentIntent:
    intent = PaymentIntent(
        creditor_id=claim.creditor_id,
        id=new_id(),
        created_at=unit.now,
        claim_id=claim.id,
        amount_minor=wanted.minor,
        currency=wanted.currency,
    )
    unit.session.add(intent)
    unit.session.flush()
    for place, part in enumerate(parts):
        unit.session.add(
            PaymentIntentPart(
                creditor_id=claim.creditor_id,
                id=new_id(),
                intent_id=intent.id,
                claim_id=part.claim_id,
                place=place,
                amount_minor=part.amount.minor,
            )
        )
    unit.session.flush()
    return intent


def parts_of(unit: Unit, intent: PaymentIntent) -> Sequence[PaymentIntentPart]:
    """This function will return what each claim gets of a payment for several, in their order; nothing for a
    payment of its own claim alone."""
    return unit.session.exec(
        select(PaymentIntentPart)
        .where(
            PaymentIntentPart.creditor_id == intent.creditor_id,
            PaymentIntentPart.intent_id == intent.id,
        )
        .order_by(col(PaymentIntentPart.place))
    ).all()


def _asked(unit: Unit, claim: Claim, owed: Money) -> Money:
    """What nobody contests; a debtor who wants to pay a claim that he disputes as a whole pays it all."""
    if not claim.disputed_minor:
        return owed
    undisputed = open_total(
        unit, creditor_id=claim.creditor_id, claim_id=claim.id, on=unit.today, undisputed=True
    )
    return undisputed if undisputed.minor >= PAYMENT_MINOR_MIN else owed


def record_created(
    unit: Unit, *, creditor_id: UUID, intent_id: UUID, ref: str, checkout_url: str | None
) -> None:
    """This function will record what the provider answered; an intent that a webhook already moved on
    keeps its state."""
    intent = unit.session.get(PaymentIntent, (creditor_id, intent_id), with_for_update=True)
    assert intent is not None, "the intent was reserved before the provider was asked"
    if intent.provider_ref is None:
        intent.provider_ref = ref
    if intent.state == IntentState.CREATING:
        intent.state = IntentState.OPEN
        intent.checkout_url = checkout_url
        _tell_started(unit, intent)
    unit.session.add(intent)
    unit.session.flush()


def _tell_started(unit: Unit, intent: PaymentIntent) -> None:
    """Tell it of the claim that the debtor came for, with what is for that one: his door reaches no other."""
    parts = parts_of(unit, intent)
    own = [part.amount_minor for part in parts if part.claim_id == intent.claim_id]
    if parts and not own:
        return
    emit(
        unit,
        PaymentStarted(
            creditor_id=intent.creditor_id,
            claim_id=intent.claim_id,
            intent_id=intent.id,
            amount_minor=own[0] if own else intent.amount_minor,
            currency=intent.currency,
        ),
    )


def _check_amount(wanted: Money, owed: Money) -> Money:
    if owed.minor <= 0:
        raise UnableToStartPayment("nothing is owed on this claim")
    if wanted > owed:
        raise AmountNotAllowed("this is more than what is owed", field="amount")
    if wanted.minor < min(PAYMENT_MINOR_MIN, owed.minor):
        raise AmountNotAllowed("the smallest payment is 1.00", field="amount")
    return wanted


def _fail(unit: Unit, intent: PaymentIntent) -> None:
    row = unit.session.get(PaymentIntent, (intent.creditor_id, intent.id), with_for_update=True)
    if row is not None and row.state == IntentState.CREATING:
        row.state = IntentState.FAILED
        unit.session.add(row)
