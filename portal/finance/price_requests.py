"""Requests for a price: the queue by due day, the facts, offers drawn up, and the second person."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from pydantic import Field, create_model
from starlette.requests import Request
from starlette.responses import Response

from agency.kernel.errors import AgencyError
from agency.kernel.unit import Unit
from agency.money import Money, round_minor
from agency.pricing.asking import FACTS_CHANGED, answer_back, let_stand
from agency.pricing.models import OfferState, PriceOffer, PriceRequest
from agency.pricing.offering import (
    OFFERS_MAX,
    Answering,
    UnfitOffer,
    answering,
    approve_offers,
    draft_offer,
    drop_draft,
    give_back,
    offers_of,
    review_of,
    send_offers,
    withdraw_offer,
)
from agency.rules.facts import Phase
from agency.rules.offer import Nature, Offer, OfferKind, OfferPart, Supplier, offer_policy
from portal.finance.doors import finance_page, names_of
from portal.price_requests import (
    KINDS,
    NATURES,
    PHASES,
    STAFF_STATES,
    SUPPLIERS,
    draft_words,
    ended_requests,
    grounds_words,
    notes_of,
    offers_shown,
    request_queue,
    request_row,
)
from portal.shared.audience import StaffUnit, TheVisitor, leave_for, router
from portal.shared.forms import AmountField, Fields, Form, FormModel, NumberField, blank, money_of, submitted
from portal.shared.i18n import N_, gettext
from portal.shared.listing import Column, Cut
from portal.shared.sessions import Visitor
from portal.shared.words import DEBTOR_KINDS, DISPUTE_STATES, DOCUMENTS

# As with waivers: finance prices within its limit, an administrator above it.
routes = router(audience="finance", roles={"finance", "admin"}, prefix="/finance/price-requests")

PAGE: Final = "/finance/price-requests"
PARTS: Final = (1, 2, 3)
CLAIMS_SHOWN: Final = 50
_ONE = "/{creditor_id:uuid}/{request_id:uuid}"
_BPS: Final = 100
_MINUTES: Final = 60
COLUMNS = (
    Column("number", N_("Number"), "link", sub="about"),
    Column("creditor", N_("Creditor")),
    Column("state", N_("Status"), "chip", sub="asks"),
    Column("asked_at", N_("Asked"), "moment", phone=False),
    Column("due_on", N_("Answer by"), "day"),
)
CLAIM_COLUMNS = (
    Column("number", N_("Claim"), sub="reference"),
    Column("amount", N_("Amount"), "money"),
    Column("age", N_("Days overdue"), "number", phone=False),
    Column("debtor", N_("Debtor"), sub="country"),
    Column("dispute", N_("Dispute"), "chip"),
    Column("completeness", N_("File of 100"), "number", phone=False),
    Column("documents", N_("Documents"), "words", phone=False),
    Column("fee", N_("Rate card"), "bps"),
    Column("expected", N_("Expected"), "money", phone=False),
    Column("costs", N_("Costs by law"), "money", phone=False),
)
REVIEWS: Final = {
    "size": N_("it is above your limit"),
    "loss": N_("it is expected to bring less than the work costs"),
    "floor": N_("its share is under the lower limit of the rate card"),
}


class _OfferFields(FormModel):
    edition: int
    kind: OfferKind
    supplier: Supplier = Supplier.agency
    name: str = Field(default="", max_length=200)
    minimum: AmountField | None = None
    conditions: str = Field(default="", max_length=2000)
    valid_days: int = Field(ge=1, le=366)


_PART_FIELDS: dict[str, Any] = {
    field: (kind, None)
    for number in PARTS
    for field, kind in {
        f"phase_{number}": Phase | None,
        f"nature_{number}": Nature | None,
        f"success_{number}": NumberField | None,
        f"flat_{number}": AmountField | None,
        f"hour_{number}": AmountField | None,
        f"hours_{number}": NumberField | None,
    }.items()
}
OfferForm: Any = create_model("OfferForm", __base__=_OfferFields, **_PART_FIELDS)
"""An offer as it is typed: up to three parts, shares in per cent, hours as a number."""


class EditionForm(FormModel):
    """The edition of the answer as it was read."""

    edition: int


class WhyForm(EditionForm):
    """Why offers are given back."""

    why: str = Field(max_length=500)


class NoteForm(FormModel):
    """What the agency says."""

    said: str = Field(max_length=2000)


@routes.get("")
def price_requests(request: Request, unit: StaffUnit) -> Response:
    """What waits for an answer, by its day; what is with creditors; and what ended."""
    return finance_page(
        request,
        "price_requests.html",
        columns=COLUMNS,
        waiting=Cut([_listed(row) for row in request_queue(unit)]),
        ended=Cut([_listed(row) for row in ended_requests(unit)]),
    )


def _listed(row: Any) -> dict[str, Any]:
    asks = N_("The creditor asks something") if row.asked_back_at else ""
    return {
        "href": f"{PAGE}/{row.creditor_id}/{row.id}",
        "number": row.number,
        "about": f"{row.debtor} · {row.about}" if row.debtor else row.about,
        "creditor": row.creditor,
        "state": STAFF_STATES[row.state],
        "asks": asks or (N_("Late") if row.late else ""),
        "asked_at": row.asked_at,
        "due_on": row.due_on,
    }


@routes.get(_ONE)
def price_request(
    request: Request, unit: StaffUnit, visitor: TheVisitor, creditor_id: UUID, request_id: UUID
) -> Response:
    """One request with the facts, what the card would say, and the answer so far."""
    return _page(request, unit, visitor, creditor_id, request_id)


@routes.post(_ONE + "/offers")
def add_offer(
    request: Request,
    unit: StaffUnit,
    visitor: TheVisitor,
    creditor_id: UUID,
    request_id: UUID,
    fields: Fields,
) -> Response:
    """Keep an offer among the drafts; nothing is sent."""
    form = submitted(OfferForm, fields)
    with form.attempt(unit), _every_fault(form):
        draft_offer(
            unit,
            creditor_id=creditor_id,
            request_id=request_id,
            offer=_offer(form.data),
            conditions=form.data.conditions,
            valid_days=form.data.valid_days,
            edition=form.data.edition,
        )
    if form.errors:
        _beside(form)
        return _page(request, unit, visitor, creditor_id, request_id, offer=form, status=422)
    return leave_for(f"{PAGE}/{creditor_id}/{request_id}", notice=N_("Kept as a draft; nothing was sent."))


@contextmanager
def _every_fault(form: Form[Any]) -> Iterator[None]:
    """Show each rule that an offer breaks, not only the first."""
    try:
        yield
    except UnfitOffer as refusal:
        for fault in refusal.faults:
            form.refuse(fault.sentence, fault.field)
        raise


def _offer(data: Any) -> Offer:
    """Build the offer of a form; a part without a phase is left out."""
    parts = tuple(part for number in PARTS if (part := _part(data, number)) is not None)
    minimum = money_of(data.minimum, "EUR", "minimum").minor if data.minimum else 0
    return Offer(
        kind=data.kind, currency="EUR", parts=parts, minimum=minimum, supplier=data.supplier, name=data.name
    )


def _part(data: Any, number: int) -> OfferPart | None:
    phase = getattr(data, f"phase_{number}")
    if phase is None:
        return None

    def minor(name: str) -> int:
        typed = getattr(data, f"{name}_{number}")
        return money_of(typed, "EUR", f"{name}_{number}").minor if typed else 0

    return OfferPart(
        phase=phase,
        nature=getattr(data, f"nature_{number}") or Nature.required,
        success_bps=round_minor((getattr(data, f"success_{number}") or Decimal(0)) * _BPS),
        flat=minor("flat"),
        hour=minor("hour"),
        minutes_max=round_minor((getattr(data, f"hours_{number}") or Decimal(0)) * _MINUTES),
    )


def _beside(form: Form[Any]) -> None:
    """Put the faults of parts beside the fields they are about: `parts.2.flat` is `flat_2`."""
    for field in [name for name in form.errors if name.startswith("parts.")]:
        _, number, *name = field.split(".")
        form.refuse(form.errors.pop(field), f"{name[0] if name else 'phase'}_{number}")


@routes.post(_ONE + "/offers/{offer_id:uuid}/removal")
def remove_offer(
    request: Request,
    unit: StaffUnit,
    visitor: TheVisitor,
    creditor_id: UUID,
    request_id: UUID,
    offer_id: UUID,
    fields: Fields,
) -> Response:
    """Throw a draft away."""

    def effect(data: Any) -> None:
        drop_draft(
            unit, creditor_id=creditor_id, request_id=request_id, offer_id=offer_id, edition=data.edition
        )

    done = N_("The draft is gone.")
    return _do(
        request, unit, visitor, (creditor_id, request_id), submitted(EditionForm, fields), effect, done
    )


@routes.post(_ONE + "/sending")
def send(
    request: Request,
    unit: StaffUnit,
    visitor: TheVisitor,
    creditor_id: UUID,
    request_id: UUID,
    fields: Fields,
) -> Response:
    """Send the drafts, or hand them to a second person."""
    form = submitted(EditionForm, fields)
    sent = False
    with form.attempt(unit):
        sent = send_offers(
            unit, creditor_id=creditor_id, request_id=request_id, edition=form.data.edition,
            roles=visitor.roles,
        )  # fmt: skip
    if form.errors:
        return _page(request, unit, visitor, creditor_id, request_id, form=form, status=409)
    done = N_("Sent. The creditor gets an e-mail.") if sent else N_("A second person looks at it first.")
    return leave_for(f"{PAGE}/{creditor_id}/{request_id}", notice=done)


@routes.post(_ONE + "/approval")
def approve(
    request: Request,
    unit: StaffUnit,
    visitor: TheVisitor,
    creditor_id: UUID,
    request_id: UUID,
    fields: Fields,
) -> Response:
    """Send offers that a second person was needed for."""

    def effect(data: Any) -> None:
        approve_offers(
            unit, creditor_id=creditor_id, request_id=request_id, edition=data.edition, roles=visitor.roles
        )

    done = N_("Approved and sent. The creditor gets an e-mail.")
    return _do(
        request, unit, visitor, (creditor_id, request_id), submitted(EditionForm, fields), effect, done
    )


@routes.post(_ONE + "/return")
def return_offers(
    request: Request,
    unit: StaffUnit,
    visitor: TheVisitor,
    creditor_id: UUID,
    request_id: UUID,
    fields: Fields,
) -> Response:
    """Give offers back to who wrote them, with a reason."""

    def effect(data: Any) -> None:
        give_back(unit, creditor_id=creditor_id, request_id=request_id, edition=data.edition, why=data.why)

    done = N_("Given back to who wrote it.")
    return _do(request, unit, visitor, (creditor_id, request_id), submitted(WhyForm, fields), effect, done)


@routes.post(_ONE + "/offers/{offer_id:uuid}/withdrawal")
def withdraw(
    request: Request,
    unit: StaffUnit,
    visitor: TheVisitor,
    creditor_id: UUID,
    request_id: UUID,
    offer_id: UUID,
) -> Response:
    """Take back an offer that the creditor did not accept yet."""

    def effect(_: Any) -> None:
        withdraw_offer(unit, creditor_id=creditor_id, request_id=request_id, offer_id=offer_id)

    return _do(request, unit, visitor, (creditor_id, request_id), blank(), effect, N_("Taken back."))


@routes.post(_ONE + "/notes")
def add_note(
    request: Request,
    unit: StaffUnit,
    visitor: TheVisitor,
    creditor_id: UUID,
    request_id: UUID,
    fields: Fields,
) -> Response:
    """Say something to the creditor about the request."""
    form = submitted(NoteForm, fields)
    with form.attempt(unit):
        answer_back(unit, creditor_id=creditor_id, request_id=request_id, words=form.data.said)
    if form.errors:
        return _page(request, unit, visitor, creditor_id, request_id, note=form, status=422)
    return leave_for(f"{PAGE}/{creditor_id}/{request_id}", notice=N_("The creditor gets an e-mail."))


@routes.post(_ONE + "/standing")
def stand(
    request: Request, unit: StaffUnit, visitor: TheVisitor, creditor_id: UUID, request_id: UUID
) -> Response:
    """Let the agreed price stand although the facts changed."""

    def effect(_: Any) -> None:
        let_stand(unit, creditor_id=creditor_id, request_id=request_id)

    done = N_("The agreed price stands.")
    return _do(request, unit, visitor, (creditor_id, request_id), blank(), effect, done)


def _do(
    request: Request,
    unit: Unit,
    visitor: Visitor,
    which: tuple[UUID, UUID],
    form: Form[Any],
    effect: Callable[[Any], None],
    done: str,
) -> Response:
    """Do something with a request, or show it again with why it was not done."""
    try:
        with unit.session.begin_nested():
            if not form.errors:
                effect(form._data)
    except AgencyError as refusal:
        form.refuse(refusal.message, refusal.field)
    if form.errors:
        return _page(request, unit, visitor, *which, form=form, status=409)
    return leave_for(f"{PAGE}/{which[0]}/{which[1]}", notice=done)


def _page(
    request: Request,
    unit: Unit,
    visitor: Visitor,
    creditor_id: UUID,
    request_id: UUID,
    *,
    form: Form[Any] | None = None,
    offer: Form[Any] | None = None,
    note: Form[Any] | None = None,
    status: int = 200,
) -> Response:
    row = request_row(unit, creditor_id=creditor_id, request_id=request_id)
    kept = unit.session.get_one(PriceRequest, (creditor_id, request_id))
    found = answering(unit, kept)
    drafts = offers_of(unit, kept, state=OfferState.DRAFT)
    values = _answer(unit, visitor, found, drafts) | _facts(found)
    policy = offer_policy(unit.today)
    return finance_page(
        request,
        "price_request.html",
        status=status,
        asked=row,
        chip=STAFF_STATES[row.state],
        url=f"{PAGE}/{creditor_id}/{request_id}",
        wished=KINDS.get(row.wished, ""),
        grounds=grounds_words(row.grounds),
        changed=FACTS_CHANGED in row.grounds,
        sent=offers_shown(unit, creditor_id=creditor_id, request_id=request_id),
        notes=notes_of(unit, creditor_id=creditor_id, request_id=request_id),
        running=row.closed_at is None,
        names=names_of(unit, [row.asked_by, row.submitted_by]),
        mine=row.submitted_by == visitor.by or any(visitor.by in one.writers for one in drafts),
        room=len(drafts) < OFFERS_MAX,
        kinds=list(KINDS.items()),
        phases=list(PHASES.items()),
        natures=list(NATURES.items()),
        suppliers=list(SUPPLIERS.items()),
        parts=PARTS,
        form=form or blank(),
        offer=offer or blank(valid_days=policy.valid_days, kind="hybrid", phase_1="amicable"),
        valid_days_max=policy.valid_days_max,
        note=note or blank(),
        **values,
    )


def _answer(unit: Unit, visitor: Visitor, found: Answering, drafts: list[PriceOffer]) -> dict[str, Any]:
    shown = []
    for draft in drafts:
        one = Offer.from_json(draft.terms)
        review = review_of(unit, found, one, roles=visitor.roles)
        shown.append(
            draft_words(one, found)
            | {"row": draft, "why": [REVIEWS[why] for why in draft.review or review.why], "loss": review.loss}
        )
    return {"drafts": shown}


def _facts(found: Answering) -> dict[str, Any]:
    rows = [
        {
            "number": one.number,
            "reference": one.reference,
            "amount": one.amount,
            "age": one.priced.facts.age_days,
            "debtor": gettext(DEBTOR_KINDS[one.priced.facts.debtor]),
            "country": one.priced.facts.country,
            "dispute": DISPUTE_STATES[one.priced.facts.dispute],
            "completeness": one.priced.score.completeness,
            "documents": ", ".join(sorted(gettext(DOCUMENTS[kind]) for kind in one.priced.facts.documents)),
            "fee": one.priced.price.fee_bps,
            "expected": one.expected,
            "costs": one.costs,
        }
        for one in found.claims
    ]
    currency = found.card.card.currency
    return {
        "columns": CLAIM_COLUMNS,
        "claims": rows,
        "cut": Cut(rows[:CLAIMS_SHOWN]),
        "more": max(0, len(rows) - CLAIMS_SHOWN),
        "principal": Money(found.principal, currency),
        "expected": Money.total((one.expected for one in found.claims), currency),
        "card_most": Money.total((one.priced.price.maximum for one in found.claims), currency),
        "costs": Money.total((one.costs for one in found.claims), currency),
        "card_version": found.card.version,
        "vat_percent": found.vat_percent,
    }
