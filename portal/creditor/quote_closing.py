"""Accepting and declining a price, the whole of it or chosen claims; who, when and from where is kept."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response

from agency.kernel.errors import AgencyError, Conflict, Invalid
from agency.kernel.unit import Unit
from agency.money import Money
from agency.pricing.acceptance import accept_quote, decline_quote
from portal.creditor.doors import binding, creditor_page
from portal.creditor.quotes import quote_lines, quote_page
from portal.creditor.words import DECLINE_REASONS
from portal.quote_rows import quote_of
from portal.shared.audience import CreditorUnit, TheVisitor, leave_for, own_creditor
from portal.shared.forms import Fields, Form, blank
from portal.shared.i18n import N_
from portal.shared.listing import Column, Cut
from portal.shared.throttling import address_of

CHOICE_MAX = 500
COLUMNS = (
    Column("debtor", N_("Debtor"), sub="number"),
    Column("amount", N_("Amount"), "money"),
    Column("fee", N_("Fee"), "bps"),
    Column("dispute", N_("Dispute"), phone=False),
)
REASONS = list(DECLINE_REASONS.items())


@binding.post("/quotes/{quote_id:uuid}/acceptance")
def accept(request: Request, unit: CreditorUnit, visitor: TheVisitor, quote_id: UUID) -> Response:
    """Accept the price: the claims of the whole placement go into collection."""
    creditor_id = own_creditor(visitor)
    refusal = _tried(
        unit,
        lambda: accept_quote(unit, creditor_id=creditor_id, quote_id=quote_id, address=address_of(request)),
    )
    if refusal:
        return quote_page(
            request, unit, visitor.roles, creditor_id, quote_id,
            error=refusal.message, status=refusal.status,
        )  # fmt: skip
    found = quote_of(unit, creditor_id, quote_id)
    notice = N_("Accepted. The first reminders go out as soon as the law allows.")
    if found.claim_id is not None:
        notice = N_("Accepted. Collection of the claim goes on.")
    return leave_for(f"/creditor/quotes/{quote_id}", notice=notice)


@binding.get("/quotes/{quote_id:uuid}/refusal")
def ask_why(request: Request, unit: CreditorUnit, visitor: TheVisitor, quote_id: UUID) -> Response:
    """Ask why the price is declined."""
    found = quote_of(unit, own_creditor(visitor), quote_id)
    return _refusal_page(request, found, blank())


@binding.post("/quotes/{quote_id:uuid}/refusal")
def decline(
    request: Request, unit: CreditorUnit, visitor: TheVisitor, quote_id: UUID, fields: Fields
) -> Response:
    """Decline the price, with a reason: the claims are withdrawn and nothing is charged."""
    creditor_id = own_creditor(visitor)
    form, why = decline_reason(fields)
    if form.errors:
        return _refusal_page(request, quote_of(unit, creditor_id, quote_id), form)
    refusal = _tried(
        unit,
        lambda: decline_quote(
            unit, creditor_id=creditor_id, quote_id=quote_id, why=why, address=address_of(request)
        ),
    )
    if refusal:
        return quote_page(
            request, unit, visitor.roles, creditor_id, quote_id,
            error=refusal.message, status=refusal.status,
        )  # fmt: skip
    notice = N_("Declined. Nothing is charged.")
    if quote_of(unit, creditor_id, quote_id).claim_id is not None:
        notice = N_("Declined. The claim is given back to you.")
    return leave_for(f"/creditor/quotes/{quote_id}", notice=notice, tone="info")


@binding.get("/quotes/{quote_id:uuid}/choice")
def choose(request: Request, unit: CreditorUnit, visitor: TheVisitor, quote_id: UUID) -> Response:
    """The claims of a price, to accept or decline some of them."""
    return _choice_page(request, unit, own_creditor(visitor), quote_id, blank())


@binding.post("/quotes/{quote_id:uuid}/choice")
def settle_chosen(
    request: Request, unit: CreditorUnit, visitor: TheVisitor, quote_id: UUID, fields: Fields
) -> Response:
    """Accept or decline the chosen claims; the others get a price of their own."""
    creditor_id = own_creditor(visitor)
    form, why = decline_reason(fields)
    accepting = fields.get("do") != "decline"
    if accepting:
        form = Form(form.values)
    chosen = fields.get("claim", [])
    ids = chosen_ids([chosen] if isinstance(chosen, str) else chosen)
    if not ids:
        form.refuse(N_("Choose at least one claim."))
    if not form.errors:
        who: dict[str, Any] = {"creditor_id": creditor_id, "quote_id": quote_id, "claims": ids}
        address = address_of(request)
        with form.attempt(unit):
            if accepting:
                accept_quote(unit, **who, address=address)
            else:
                decline_quote(unit, **who, why=why, address=address)
    if form.errors:
        return _choice_page(request, unit, creditor_id, quote_id, form)
    notice = N_("The chosen claims are accepted. The others have a price of their own.")
    if not accepting:
        notice = N_("The chosen claims are declined. The others have a price of their own.")
    return leave_for(f"/creditor/quotes/{quote_id}", notice=notice)


def _choice_page(
    request: Request, unit: Unit, creditor_id: UUID, quote_id: UUID, form: Form[Any]
) -> Response:
    found = quote_of(unit, creditor_id, quote_id)
    rows = [
        {
            "id": line["claim_id"],
            "debtor": line["debtor"],
            "number": f"{line['number']} · {line['reference']}",
            "amount": line["amount"],
            "fee": line["fee_bps"],
            "dispute": next((factor.why for factor in line["factors"] if factor.key == "dispute"), ""),
        }
        for line in quote_lines(unit, creditor_id, quote_id, CHOICE_MAX)
    ]
    return creditor_page(
        request,
        "quote_choice.html",
        status=422 if form.errors else 200,
        quote=found,
        columns=COLUMNS,
        cut=Cut(rows),
        form=form,
        reasons=REASONS,
        more=found.claims - len(rows),
        principal=Money(found.principal_minor, found.currency),
    )


def _refusal_page(request: Request, found: Any, form: Form[Any]) -> Response:
    return creditor_page(
        request, "quote_refusal.html", status=422 if form.errors else 200, quote=found, form=form,
        reasons=REASONS,
    )  # fmt: skip


def decline_reason(fields: dict[str, Any]) -> tuple[Form[Any], str]:
    """This function will read the reason as it is kept: the choice, and the creditor's own words behind it.
    The form tells what is wrong with it."""
    form: Form[Any] = blank(**{name: value for name, value in fields.items() if name != "csrf"})
    why, words = str(fields.get("why") or ""), str(fields.get("words") or "").strip()
    if why not in dict(REASONS):
        form.refuse(N_("Choose one of the options."), "why")
    if len(words) > 400:
        form.refuse(N_("This is too long."), "words")
    return form, f"{why}: {words}" if words else why


def chosen_ids(texts: list[str]) -> frozenset[UUID]:
    """This function will read what was ticked.

    :raises Invalid: something else was sent than the page shows.
    """
    try:
        return frozenset(UUID(text) for text in texts)
    except ValueError as error:
        raise Invalid("choose claims of this price", field="claims") from error


def _tried(unit: Unit, effect: Callable[[], object]) -> AgencyError | None:
    """Do something, or say why it was not done and leave nothing of it behind."""
    try:
        with unit.session.begin_nested():
            effect()
    except Conflict as refusal:
        return refusal
    return None
