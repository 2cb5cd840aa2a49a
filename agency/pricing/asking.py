"""Asking for a price of one's own: for a claim, or for all claims of a placement that wait for a price.

A request is in the agency's queue with a day by which it answers. It ends with an accepted offer, a refusal,
or when its claims need no price any more.
"""

from collections.abc import Sequence
from datetime import date
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text
from sqlmodel import col, select

from agency.calendar import add_business_days
from agency.claims.lifecycle import claim_to_change
from agency.events import OffersOutdated, PriceAsked, PriceNoteLeft, PriceRequestEnded
from agency.kernel.audit import record
from agency.kernel.emitting import emit
from agency.kernel.errors import Conflict, Invalid, NotFound
from agency.kernel.ids import new_id
from agency.kernel.locks import take_turns
from agency.kernel.unit import Unit, agency_day
from agency.pricing.models import PriceNote, PriceRequest, RequestState
from agency.pricing.offer_papers import claims_of, differ_from, rows_of_request
from agency.pricing.offers_read import document_of
from agency.pricing.rate_cards import card_on
from agency.rules.offer import OfferKind, offer_policy, poor_fit

WORDS_MAX: Final = 2_000
CLAIMS_MAX: Final = 2_000
"""Offers are worked out claim by claim while people wait; a larger placement is asked about in parts."""
RUNNING: Final = (RequestState.ASKED, RequestState.TO_APPROVE, RequestState.OFFERED)
FACTS_CHANGED: Final = "facts"
"""The ground of a request that opens by itself: the facts of an accepted offer changed."""
_HOME: Final = "NL"


class AskedBefore(Conflict):
    """A price was asked for the same claims, and the answer is not there yet or waits."""


class RequestClosed(Conflict):
    """The request ended before."""


def ask_price(
    unit: Unit,
    *,
    creditor_id: UUID,
    claim_id: UUID | None = None,
    placement_id: UUID | None = None,
    question: str = "",
    wished: str = "",
) -> PriceRequest:
    """This function will ask the agency for a price: of a claim that waits for one or is in collection, or of
    the waiting claims of a placement.

    :param wished: the kind of offer that the creditor would like, a value of `OfferKind`, or nothing.
    :raises NotFound: this creditor has no such claim or placement.
    :raises AskedBefore: a request for it runs.
    :raises Conflict: nothing of it needs a price.
    :raises Invalid: the question is too long, the kind unknown, or the placement too large.
    """
    if len(question) > WORDS_MAX:
        raise Invalid("this is too long", field="question")
    if wished and wished not in list(OfferKind):
        raise Invalid("choose one of the options", field="wished")
    take_turns(unit, "quote", creditor_id)
    _refuse_unknown(unit, creditor_id, claim_id, placement_id)
    rows = rows_of_request(unit, creditor_id=creditor_id, claim_id=claim_id, placement_id=placement_id)
    if not rows:
        raise Conflict("no claim of it needs a price")
    if len(rows) > CLAIMS_MAX:
        raise Invalid(f"at most {CLAIMS_MAX} claims can be asked about at once", field="placement")
    if _running(unit, creditor_id, claim_id=claim_id, placement_id=placement_id) is not None:
        raise AskedBefore("you asked for a price for this before; we are busy with it")
    grounds = _grounds(unit, creditor_id, claim_id, placement_id)
    return open_request(
        unit, creditor_id=creditor_id, claim_id=claim_id, placement_id=placement_id, grounds=grounds,
        question=question.strip(), wished=wished,
    )  # fmt: skip


def open_request(
    unit: Unit,
    *,
    creditor_id: UUID,
    claim_id: UUID | None = None,
    placement_id: UUID | None = None,
    grounds: Sequence[str] = (),
    question: str = "",
    wished: str = "",
) -> PriceRequest:
    """This function will put a request in the queue, and tell; the caller made sure that none runs."""
    request = PriceRequest(
        creditor_id=creditor_id, id=new_id(), number=_next_number(unit, creditor_id),
        placement_id=placement_id, claim_id=claim_id, grounds=list(grounds), wished=wished,
        question=question, asked_at=unit.now, asked_by=unit.by, due_on=_due(unit),
    )  # fmt: skip
    unit.session.add(request)
    unit.session.flush()
    _emit_asked(unit, request)
    _record(unit, request, "asked", {"grounds": list(grounds), "wished": wished})
    return request


def why_poor(
    unit: Unit, *, creditor_id: UUID, claim_id: UUID | None = None, placement_id: UUID | None = None
) -> list[str]:
    """This function will say why the rate card in force fits a claim, or claims of a placement, badly."""
    return _grounds(unit, creditor_id, claim_id, placement_id)


def ask_back(unit: Unit, *, creditor_id: UUID, request_id: UUID, words: str) -> None:
    """This function will keep a question of the creditor about a running request.

    :raises NotFound, RequestClosed, Invalid: nothing is kept.
    """
    request = request_to_change(unit, creditor_id=creditor_id, request_id=request_id)
    refuse_closed(request)
    _note(unit, request, "creditor", words)
    request.asked_back_at = unit.now
    unit.session.add(request)


def answer_back(unit: Unit, *, creditor_id: UUID, request_id: UUID, words: str) -> None:
    """This function will keep what the agency says about a running request; the creditor is written to.

    :raises NotFound, RequestClosed, Invalid: nothing is kept.
    """
    request = request_to_change(unit, creditor_id=creditor_id, request_id=request_id)
    refuse_closed(request)
    _note(unit, request, "agency", words)
    request.asked_back_at, request.note_waits = None, True
    unit.session.add(request)


def withdraw_request(unit: Unit, *, creditor_id: UUID, request_id: UUID) -> None:
    """This function will end a request because its creditor no longer wants it; the claims keep their price.

    :raises NotFound: this creditor has no such request.
    :raises RequestClosed: it ended before.
    """
    request = request_to_change(unit, creditor_id=creditor_id, request_id=request_id)
    refuse_closed(request)
    end_request(unit, request, RequestState.WITHDRAWN)


def let_stand(unit: Unit, *, creditor_id: UUID, request_id: UUID) -> None:
    """This function will let an agreed price stand although its facts changed.

    :raises NotFound: no such request.
    :raises RequestClosed: it ended before.
    :raises Conflict: the creditor asked for it, so it is answered.
    """
    request = request_to_change(unit, creditor_id=creditor_id, request_id=request_id)
    refuse_closed(request)
    if FACTS_CHANGED not in request.grounds:
        raise Conflict("the creditor asked for this price; answer it with an offer")
    end_request(unit, request, RequestState.STANDS)


def end_request(unit: Unit, request: PriceRequest, state: RequestState) -> None:
    """This function will end a running request without a price, with its offers."""
    close_offers(unit, request, state="withdrawn" if state is RequestState.STANDS else "outdated")
    request.state, request.closed_at, request.closed_by = state, unit.now, unit.by
    unit.session.add(request)
    unit.session.flush()
    emit(
        unit,
        PriceRequestEnded(
            creditor_id=request.creditor_id, claim_id=request.claim_id, request_id=request.id,
            number=request.number, why=state.value,
        ),
    )  # fmt: skip
    _record(unit, request, state.value, {})


def settle_requests(unit: Unit, *, creditor_id: UUID, placement_id: UUID | None) -> None:
    """This function will look again at the requests about a placement and its claims, after claims of it were
    priced, paid or given back."""
    found = unit.session.exec(
        select(PriceRequest)
        .where(PriceRequest.creditor_id == creditor_id, col(PriceRequest.state).in_(RUNNING))
        .where(
            (col(PriceRequest.placement_id) == placement_id)
            | col(PriceRequest.claim_id).in_(
                text("SELECT id FROM claim WHERE creditor_id = :c AND placement_id = :p").bindparams(
                    c=creditor_id, p=placement_id
                )
            )
        )
        .order_by(col(PriceRequest.id))
        .with_for_update()
        .execution_options(populate_existing=True)
    ).all()
    for request in found:
        look_again(unit, request)


def look_again(unit: Unit, request: PriceRequest) -> None:
    """This function will end a request whose claims need no price, and take back offers that were made on
    other facts: the request waits for new ones."""
    rows = rows_of_request(
        unit, creditor_id=request.creditor_id, claim_id=request.claim_id, placement_id=request.placement_id
    )
    if not rows:
        end_request(unit, request, RequestState.LAPSED)
        return
    if request.state != RequestState.OFFERED:
        return
    lines = document_of(unit, request)
    if lines is None or not differ_from(lines, rows, on=unit.today):
        return
    reopen(unit, request)
    emit(
        unit,
        OffersOutdated(
            creditor_id=request.creditor_id, claim_id=request.claim_id, request_id=request.id,
            number=request.number,
        ),
    )  # fmt: skip
    _record(unit, request, "outdated", {})


def reopen(unit: Unit, request: PriceRequest, *, offers: str = "outdated") -> None:
    """This function will take back what was offered and let the request wait for new offers."""
    close_offers(unit, request, state=offers)
    request.state, request.due_on = RequestState.ASKED, _due(unit)
    request.edition += 1
    request.submitted_at = request.submitted_by = request.approved_by = None
    request.told_at = request.reminded_at = None
    unit.session.add(request)
    unit.session.flush()


def close_offers(unit: Unit, request: PriceRequest, *, state: str, but: UUID | None = None) -> None:
    """This function will close the open offers of a request, but for one."""
    unit.session.connection().execute(
        text(
            "UPDATE price_offer SET state = :state, closed_at = :now, closed_by = :by WHERE creditor_id = :c"
            " AND request_id = :r AND state = 'open' AND id IS DISTINCT FROM CAST(:but AS uuid)"
        ),
        {"state": state, "now": unit.now, "by": unit.by, "c": request.creditor_id, "r": request.id,
         "but": but},
    )  # fmt: skip


def request_to_change(unit: Unit, *, creditor_id: UUID, request_id: UUID) -> PriceRequest:
    """This function will return a request with its row, and before it that of its claim, locked until the
    transaction ends.

    :raises NotFound: this creditor has no such request.
    """
    about = unit.session.exec(
        select(PriceRequest.claim_id).where(
            PriceRequest.creditor_id == creditor_id, PriceRequest.id == request_id
        )
    ).one_or_none()
    if about is not None:
        claim_to_change(unit, creditor_id=creditor_id, claim_id=about)
    request = unit.session.exec(
        select(PriceRequest)
        .where(PriceRequest.creditor_id == creditor_id, PriceRequest.id == request_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one_or_none()
    if request is None:
        raise NotFound("no such request")
    return request


def refuse_closed(request: PriceRequest) -> None:
    """This function will refuse what is done with a request that has ended.

    :raises RequestClosed: it has.
    """
    if request.state not in RUNNING:
        raise RequestClosed("this request has ended; ask for a price again")


def running_request(unit: Unit, *, creditor_id: UUID, claim_id: UUID) -> PriceRequest | None:
    """This function will return the request about one claim by itself that runs; locked."""
    return _running(unit, creditor_id, claim_id=claim_id, placement_id=None)


def _running(
    unit: Unit, creditor_id: UUID, *, claim_id: UUID | None, placement_id: UUID | None
) -> PriceRequest | None:
    about = (
        col(PriceRequest.claim_id) == claim_id
        if claim_id is not None
        else col(PriceRequest.placement_id) == placement_id
    )
    return unit.session.exec(
        select(PriceRequest)
        .where(PriceRequest.creditor_id == creditor_id, about, col(PriceRequest.state).in_(RUNNING))
        .with_for_update()
    ).one_or_none()


def _refuse_unknown(unit: Unit, creditor_id: UUID, claim_id: UUID | None, placement_id: UUID | None) -> None:
    if (claim_id is None) == (placement_id is None):
        raise Invalid("ask about a claim or about a placement", field="claim")
    table, wanted = ("claim", claim_id) if claim_id is not None else ("placement", placement_id)
    found = unit.session.connection().execute(
        text(f"SELECT 1 FROM {table} WHERE creditor_id = :c AND id = :id"), {"c": creditor_id, "id": wanted}
    )
    if found.first() is None:
        raise NotFound("no such claim" if table == "claim" else "no such placement")


def _grounds(unit: Unit, creditor_id: UUID, claim_id: UUID | None, placement_id: UUID | None) -> list[str]:
    published = card_on(unit, on=unit.today)
    claims = claims_of(
        unit, creditor_id=creditor_id, claim_id=claim_id, placement_id=placement_id, published=published
    )
    found: dict[str, None] = {}
    for one in claims:
        facts = one.priced.facts
        why = poor_fit(
            amount=facts.amount, age_days=facts.age_days, country=facts.country,
            dispute=facts.dispute.value, claim_type=facts.claim_type.value if facts.claim_type else None,
            card=published.card, on=unit.today,
        )  # fmt: skip
        found |= dict.fromkeys(why)
    return list(found)


def _note(unit: Unit, request: PriceRequest, side: str, words: str) -> None:
    said = words.strip()
    if not said:
        raise Invalid("fill this in", field="said")
    if len(said) > WORDS_MAX:
        raise Invalid("this is too long", field="said")
    unit.session.add(
        PriceNote(
            creditor_id=request.creditor_id,
            id=new_id(),
            request_id=request.id,
            side=side,
            words=said,
            at=unit.now,
            by=unit.by,
        )
    )
    unit.session.flush()
    emit(
        unit,
        PriceNoteLeft(
            creditor_id=request.creditor_id, claim_id=request.claim_id, request_id=request.id,
            number=request.number, side=side,
        ),
    )  # fmt: skip


def _emit_asked(unit: Unit, request: PriceRequest) -> None:
    emit(
        unit,
        PriceAsked(
            creditor_id=request.creditor_id, claim_id=request.claim_id, request_id=request.id,
            number=request.number, due_on=request.due_on.isoformat(),
        ),
    )  # fmt: skip


def _due(unit: Unit) -> date:
    return add_business_days(
        country=_HOME, day=agency_day(unit.now), count=offer_policy(unit.today).answer_days
    )


def _next_number(unit: Unit, creditor_id: UUID) -> str:
    """Number within the creditor and year; two that open at once take turns."""
    take_turns(unit, "price_request", creditor_id)
    year = unit.today.year
    count = unit.session.connection().execute(
        text("SELECT count(*) FROM price_request WHERE creditor_id = :c AND number LIKE :year"),
        {"c": creditor_id, "year": f"P-{year}-%"},
    )
    return f"P-{year}-{count.scalar_one() + 1:05d}"


def _record(unit: Unit, request: PriceRequest, what: str, facts: dict[str, Any]) -> None:
    record(
        unit, action=f"price_request.{what}", subject=f"price_request:{request.id}",
        creditor_id=request.creditor_id, facts=facts,
    )  # fmt: skip
