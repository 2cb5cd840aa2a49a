"""Answering a request: offers are drawn up, checked by the rules of a card, looked at by a second person
where the house rule says so, and sent together; from then on their bytes stand.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text
from sqlmodel import col, select

from agency.events import OffersMade, OfferWithdrawn
from agency.kernel.audit import record
from agency.kernel.drafts import ChangedMeanwhile, NotYourOwn
from agency.kernel.emitting import emit
from agency.kernel.errors import Conflict, Forbidden, Invalid, NotFound
from agency.kernel.ids import new_id
from agency.kernel.unit import Unit
from agency.pricing.asking import RequestClosed, refuse_closed, reopen, request_to_change
from agency.pricing.models import OfferState, PriceOffer, PriceRequest, RequestState
from agency.pricing.offer_papers import OfferClaim, claims_of, offer_bytes, offer_head
from agency.pricing.quoting import keepers
from agency.pricing.rate_cards import PublishedCard, card_on
from agency.rules.fee_vat import fee_vat
from agency.rules.offer import (
    Offer,
    Review,
    at_most,
    may_be_second,
    offer_faults,
    offer_policy,
    review_offer,
)
from agency.rules.rate_card import CardFault

OFFERS_MAX: Final = 6
CONDITIONS_MAX: Final = 2_000
_HOME: Final = "NL"


class UnfitOffer(Invalid):
    """The offer breaks a rule; `faults` says which and where."""

    def __init__(self, faults: Sequence[CardFault]) -> None:
        super().__init__(faults[0].sentence, field=faults[0].field)
        self.faults = tuple(faults)


class NotYours(Forbidden):
    """The role of the person does not reach as far as these offers."""


@dataclass(frozen=True, slots=True)
class Answering:
    """What an answer is worked out from: the claims, the card in force, and the VAT on the fee."""

    claims: list[OfferClaim]
    card: PublishedCard
    vat_percent: Decimal

    @property
    def principal(self) -> int:
        """All claims together, in minor units."""
        return sum(one.amount.minor for one in self.claims)


def answering(unit: Unit, request: PriceRequest) -> Answering:
    """This function will gather what offers to a request are worked out from, as of now."""
    card = card_on(unit, on=unit.today)
    claims = claims_of(
        unit, creditor_id=request.creditor_id, claim_id=request.claim_id, placement_id=request.placement_id,
        published=card,
    )  # fmt: skip
    return Answering(claims, card, vat_of(unit, creditor_id=request.creditor_id))


def vat_of(unit: Unit, *, creditor_id: UUID) -> Decimal:
    """This function will return the VAT on a fee to a creditor today, in per cent."""
    row = (
        unit.session.connection()
        .execute(text("SELECT country, vat_number FROM creditor WHERE id = :c"), {"c": creditor_id})
        .one()
    )
    return fee_vat(
        agency_country=_HOME, client_country=row.country, client_vat_number=row.vat_number or "",
        on=unit.today,
    ).percent  # fmt: skip


def faults_of(unit: Unit, found: Answering, offer: Offer) -> tuple[CardFault, ...]:
    """This function will say which rules an offer for these claims breaks, and in which field."""
    return offer_faults(
        offer,
        amounts=[one.amount for one in found.claims],
        countries={one.priced.facts.country for one in found.claims},
        card=found.card.card,
        on=unit.today,
    )


def review_of(unit: Unit, found: Answering, offer: Offer, *, roles: Collection[str]) -> Review:
    """This function will say whether a person of these roles may send an offer alone."""
    return review_offer(
        offer, claims=[one.as_expected for one in found.claims], roles=roles, card=found.card.card,
        on=unit.today,
    )  # fmt: skip


def draft_offer(
    unit: Unit,
    *,
    creditor_id: UUID,
    request_id: UUID,
    offer: Offer,
    conditions: str = "",
    valid_days: int,
    edition: int,
    offer_id: UUID | None = None,
) -> PriceOffer:
    """This function will add a draft to the answer, or change one.

    :param edition: of the request as it was read.
    :param offer_id: of the draft that is changed.
    :raises NotFound: no such request, or no such draft.
    :raises RequestClosed: it ended, or was answered.
    :raises ChangedMeanwhile: somebody else worked on the answer since.
    :raises UnfitOffer: it breaks a rule; Invalid: a text or a number is too long or too large.
    """
    request = _to_answer(unit, creditor_id, request_id, edition)
    policy = offer_policy(unit.today)
    if len(conditions) > CONDITIONS_MAX:
        raise Invalid("this is too long", field="conditions")
    if not 1 <= valid_days <= policy.valid_days_max:
        raise Invalid("an offer is valid for at most so many days", field="valid_days")
    if faults := faults_of(unit, answering(unit, request), offer):
        raise UnfitOffer(faults)
    kept = _draft(unit, request, offer_id)
    kept.terms, kept.conditions, kept.valid_days = offer.as_json(), conditions.strip(), valid_days
    kept.changed_at = unit.now
    kept.writers = [*(one for one in kept.writers if one != unit.by), unit.by]
    _changed(unit, request, kept)
    return kept


def drop_draft(unit: Unit, *, creditor_id: UUID, request_id: UUID, offer_id: UUID, edition: int) -> None:
    """This function will throw a draft away.

    :raises NotFound, RequestClosed, ChangedMeanwhile: nothing is thrown away.
    """
    request = _to_answer(unit, creditor_id, request_id, edition)
    draft = _draft(unit, request, offer_id)
    unit.session.delete(draft)
    _changed(unit, request)


def send_offers(
    unit: Unit, *, creditor_id: UUID, request_id: UUID, edition: int, roles: Collection[str]
) -> bool:
    """This function will send the drafts of an answer, or hand them to a second person where one is needed.

    :param roles: of the person who sends.
    :returns: whether they were sent.
    :raises NotFound, RequestClosed, ChangedMeanwhile, UnfitOffer: nothing is sent.
    :raises Conflict: there is no draft, or no claim needs a price any more.
    """
    request = _to_answer(unit, creditor_id, request_id, edition)
    found = answering(unit, request)
    drafts = _checked(unit, request, found)
    for draft in drafts:
        review = review_of(unit, found, Offer.from_json(draft.terms), roles=roles)
        draft.review = list(review.why)
        unit.session.add(draft)
    request.submitted_at, request.submitted_by, request.approved_by = unit.now, unit.by, None
    request.edition += 1
    if any(draft.review for draft in drafts):
        request.state = RequestState.TO_APPROVE
        unit.session.add(request)
        unit.session.flush()
        _record(unit, request, "submitted", {"offers": len(drafts)})
        return False
    _send(unit, request, drafts, found)
    return True


def approve_offers(
    unit: Unit, *, creditor_id: UUID, request_id: UUID, edition: int, roles: Collection[str]
) -> None:
    """This function will send offers that a second person was needed for.

    :param roles: of the second person.
    :raises NotYourOwn: the person wrote in one, or handed them over.
    :raises NotYours: the offers are larger, or make more loss, than the person may approve.
    :raises NotFound, RequestClosed, ChangedMeanwhile, UnfitOffer, Conflict: nothing is sent.
    """
    request = _waits_for_second(unit, creditor_id, request_id, edition)
    found = answering(unit, request)
    drafts = _checked(unit, request, found)
    if unit.by == request.submitted_by or any(unit.by in draft.writers for draft in drafts):
        raise NotYourOwn("another person must approve what you wrote")
    why = {reason for draft in drafts for reason in draft.review}
    if not may_be_second(why=why, principal_minor=found.principal, roles=roles, on=unit.today):
        raise NotYours("these offers are beyond what you may approve")
    request.approved_by = unit.by
    request.edition += 1
    _send(unit, request, drafts, found)


def give_back(unit: Unit, *, creditor_id: UUID, request_id: UUID, edition: int, why: str) -> None:
    """This function will give offers back to who wrote them, with a reason.

    :raises NotFound, RequestClosed, ChangedMeanwhile, Invalid: nothing changes.
    """
    request = _waits_for_second(unit, creditor_id, request_id, edition)
    if not why.strip():
        raise Invalid("say why", field="why")
    request.state, request.submitted_at, request.submitted_by = RequestState.ASKED, None, None
    request.edition += 1
    unit.session.add(request)
    unit.session.flush()
    _record(unit, request, "given_back", {"why": why.strip()[:500]})


def withdraw_offer(unit: Unit, *, creditor_id: UUID, request_id: UUID, offer_id: UUID) -> None:
    """This function will take an offer back that waits for its creditor; with the last one the request waits
    for new ones.

    :raises NotFound: no such offer waits.
    :raises RequestClosed: the creditor answered before.
    """
    request = request_to_change(unit, creditor_id=creditor_id, request_id=request_id)
    refuse_closed(request)
    closed = unit.session.connection().execute(
        text(
            "UPDATE price_offer SET state = 'withdrawn', closed_at = :now, closed_by = :by"
            " WHERE creditor_id = :c AND request_id = :r AND id = :o AND state = 'open' RETURNING place"
        ),
        {"now": unit.now, "by": unit.by, "c": creditor_id, "r": request_id, "o": offer_id},
    )
    if closed.first() is None:
        raise NotFound("no such offer waits for an answer")
    left = unit.session.connection().execute(
        text("SELECT 1 FROM price_offer WHERE creditor_id = :c AND request_id = :r AND state = 'open'"),
        {"c": creditor_id, "r": request_id},
    )
    if left.first() is None:
        reopen(unit, request, offers="withdrawn")
    emit(
        unit,
        OfferWithdrawn(
            creditor_id=creditor_id, claim_id=request.claim_id, request_id=request_id, number=request.number
        ),
    )  # fmt: skip
    _record(unit, request, "offer_withdrawn", {"offer": str(offer_id)})


def offers_of(unit: Unit, request: PriceRequest, *, state: OfferState | None = None) -> list[PriceOffer]:
    """This function will return the offers of a request in their order, as the agency sees them."""
    wanted = select(PriceOffer).where(
        PriceOffer.creditor_id == request.creditor_id, PriceOffer.request_id == request.id
    )
    if state is not None:
        wanted = wanted.where(col(PriceOffer.state) == state)
    return list(unit.session.exec(wanted.order_by(col(PriceOffer.place))))


def _to_answer(unit: Unit, creditor_id: UUID, request_id: UUID, edition: int) -> PriceRequest:
    request = request_to_change(unit, creditor_id=creditor_id, request_id=request_id)
    refuse_closed(request)
    _refuse_other(request, edition)
    if request.state != RequestState.ASKED:
        raise RequestClosed("this request was answered before")
    return request


def _waits_for_second(unit: Unit, creditor_id: UUID, request_id: UUID, edition: int) -> PriceRequest:
    request = request_to_change(unit, creditor_id=creditor_id, request_id=request_id)
    refuse_closed(request)
    _refuse_other(request, edition)
    if request.state != RequestState.TO_APPROVE:
        raise RequestClosed("these offers do not wait for a second person")
    return request


def _refuse_other(request: PriceRequest, edition: int) -> None:
    if request.edition != edition:
        raise ChangedMeanwhile("somebody else changed this meanwhile; read it again")


def _draft(unit: Unit, request: PriceRequest, offer_id: UUID | None) -> PriceOffer:
    """Return the draft, or a new one at the next place."""
    if offer_id is not None:
        kept = unit.session.get(PriceOffer, (request.creditor_id, offer_id))
        if kept is None or kept.request_id != request.id or kept.state != OfferState.DRAFT:
            raise NotFound("no such draft")
        return kept
    before = offers_of(unit, request)
    if sum(one.state == OfferState.DRAFT for one in before) >= OFFERS_MAX:
        raise Conflict(f"at most {OFFERS_MAX} offers stand side by side")
    return PriceOffer(
        creditor_id=request.creditor_id, id=new_id(), request_id=request.id,
        place=max((one.place for one in before), default=0) + 1, terms={}, valid_days=1, writers=[],
        changed_at=unit.now,
    )  # fmt: skip


def _changed(unit: Unit, request: PriceRequest, offer: PriceOffer | None = None) -> None:
    request.edition += 1
    unit.session.add(request)
    if offer is not None:
        unit.session.add(offer)
    unit.session.flush()


def _checked(unit: Unit, request: PriceRequest, found: Answering) -> list[PriceOffer]:
    """Return the drafts, none of which breaks a rule now."""
    if not found.claims:
        raise Conflict("no claim of it needs a price")
    drafts = offers_of(unit, request, state=OfferState.DRAFT)
    if not drafts:
        raise Conflict("draw up an offer first")
    for draft in drafts:
        if faults := faults_of(unit, found, Offer.from_json(draft.terms)):
            raise UnfitOffer(faults)
    return drafts


def _send(unit: Unit, request: PriceRequest, drafts: Sequence[PriceOffer], found: Answering) -> None:
    keeps = keepers(unit, creditor_id=request.creditor_id, card=found.card.card, on=unit.today)
    for draft in drafts:
        offer = Offer.from_json(draft.terms)
        draft.sent_at, draft.expires_at = unit.now, unit.now + timedelta(days=draft.valid_days)
        draft.rate_card_id, draft.claims = found.card.id, len(found.claims)
        draft.at_most_minor = sum(at_most(offer, one.amount).minor for one in found.claims)
        head = offer_head(
            offer=offer,
            amounts=[one.amount for one in found.claims],
            card=found.card,
            vat_percent=found.vat_percent,
            conditions=draft.conditions,
            facts=_sent_facts(unit, request, draft) | {"keeps": keeps},
        )
        draft.document, draft.sha256 = offer_bytes(
            head=head, offer=offer, vat_percent=found.vat_percent, claims=found.claims
        )
        draft.state = OfferState.OPEN
        unit.session.add(draft)
    request.state, request.offered_at, request.asked_back_at = RequestState.OFFERED, unit.now, None
    request.told_at = request.reminded_at = None
    unit.session.add(request)
    unit.session.flush()
    emit(
        unit,
        OffersMade(
            creditor_id=request.creditor_id, claim_id=request.claim_id, request_id=request.id,
            number=request.number, offers=len(drafts),
        ),
    )  # fmt: skip
    _record(unit, request, "offered", {"offers": [draft.sha256 for draft in drafts]})


def _sent_facts(unit: Unit, request: PriceRequest, draft: PriceOffer) -> dict[str, Any]:
    assert draft.expires_at is not None, "set before the document is written"
    about = {"placement": request.placement_id, "claim": request.claim_id}
    return {
        "quote": str(draft.id),
        "number": f"{request.number}/{draft.place}",
        "request": str(request.id),
        "creditor": str(request.creditor_id),
        "issued_at": unit.now.isoformat(),
        "expires_at": draft.expires_at.isoformat(),
    } | {name: str(one) for name, one in about.items() if one is not None}


def _record(unit: Unit, request: PriceRequest, what: str, facts: dict[str, Any]) -> None:
    record(
        unit, action=f"price_request.{what}", subject=f"price_request:{request.id}",
        creditor_id=request.creditor_id, facts=facts,
    )  # fmt: skip
