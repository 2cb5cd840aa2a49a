"""Refunds: what is owed back, asked for by one person, approved by another, sent, and seen on the bank."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from pydantic import Field
from sqlalchemy import or_, select
from starlette.requests import Request
from starlette.responses import Response

from agency.claims.finding import find_claims
from agency.claims.itemisation import itemise_many
from agency.communication.replying import ask_for_account
from agency.kernel.unit import Unit
from agency.payments.booking_held import book_held
from agency.payments.giving_back import REFUNDS as ALL_REFUNDS
from agency.payments.giving_back import (
    OwedBack,
    RefundRow,
    owed_back_list,
    owing_back,
    read_owed_back,
    read_refund,
    refund_row,
    refunds_by_state,
)
from agency.payments.refund_accounts import account_asked, ask_account, end_question
from agency.payments.refunds import Payee, cancel_refund, checked_payee, request_held_refund, request_refund
from agency.remittance.refund_orders import approve_refund, reject_refund
from portal.finance.doors import finance_page, names_of, routes
from portal.finance.order_files import FILES, REFUNDS_SENT, order_files
from portal.finance.words import OWED_REASONS, REFUND_STATES, ROUTES
from portal.payouts import export_refund_file
from portal.shared.audience import StaffUnit, TheVisitor, TheWiring, leave_for
from portal.shared.forms import Fields, FormModel, blank, submitted
from portal.shared.i18n import N_, gettext
from portal.shared.listing import Column, Cut, Listing

OWED = (
    Column("who", N_("Debtor"), "link", sub="claim"),
    Column("why", N_("Why"), phone=False),
    Column("since", N_("Since"), "day", phone=False),
    Column("amount", N_("Amount"), "money"),
)
REFUNDS = (
    Column("who", N_("To whom"), "link", sub="claim"),
    Column("state", N_("Status"), "chip"),
    Column("route", N_("How"), phone=False),
    Column("asked", N_("Asked for on"), "moment", phone=False),
    Column("amount", N_("Amount"), "money"),
)
_SHOWN_MAX = 200
_FOUND_MAX = 12


class AskForm(FormModel):
    """Why money goes back, and to which account; without one it goes by the payment provider."""

    reason: str = Field(max_length=500)
    iban: str = Field(default="", max_length=50)
    holder: str = Field(default="", max_length=70)


class WhyForm(FormModel):
    """Why a refund is cancelled, or was not carried out."""

    why: str = Field(max_length=300)


class BookForm(FormModel):
    """The claim that held money is booked on after all."""

    claim_id: UUID


@routes.get("/refunds")
def refunds(request: Request, unit: StaffUnit) -> Response:
    """What is owed back, every refund, and the files."""
    return _list_page(request, unit, blank())


@routes.post("/refunds/files")
def export_refund_orders(request: Request, unit: StaffUnit, wiring: TheWiring) -> Response:
    """Put every approved transfer into one payout file."""
    form = blank()
    with form.attempt(unit):
        export_refund_file(unit, settings=wiring.settings)
    if form.errors:
        return _list_page(request, unit, form, status=409)
    return leave_for("/finance/refunds", notice=N_("The refund file is ready to download."))


@routes.get("/refunds/owed/{creditor_id:uuid}/{origin_id:uuid}")
def owed(request: Request, unit: StaffUnit, creditor_id: UUID, origin_id: UUID) -> Response:
    """What is owed back of one payment, and the form that asks for its refund."""
    found = read_owed_back(unit, creditor_id=creditor_id, origin_id=origin_id)
    asked = account_asked(unit, found)
    if asked is not None and asked.given_at is not None:
        return _owed_page(request, unit, found, blank(iban=asked.iban, holder=asked.holder))
    return _owed_page(request, unit, found, blank(iban=found.payer_iban, holder=found.payer or found.debtor))


@routes.post("/refunds/owed/{creditor_id:uuid}/{origin_id:uuid}")
def ask_refund(
    request: Request, unit: StaffUnit, creditor_id: UUID, origin_id: UUID, fields: Fields
) -> Response:
    """Ask that it goes back; another person approves."""
    found = read_owed_back(unit, creditor_id=creditor_id, origin_id=origin_id)
    form = submitted(AskForm, fields)
    with form.attempt(unit):
        payee = _payee(found, form.data)
        if found.held_id:
            refund_id = request_held_refund(
                unit, creditor_id=creditor_id, held_id=origin_id, reason=form.data.reason, payee=payee
            )
        else:
            refund_id = request_refund(
                unit, creditor_id=creditor_id, payment_id=origin_id, reason=form.data.reason, payee=payee
            )
        end_question(unit, creditor_id=creditor_id, origin_id=origin_id)
    if form.errors:
        return _owed_page(request, unit, found, form, status=422)
    return leave_for(
        f"/finance/refunds/{creditor_id}/{refund_id}", notice=N_("Asked for. Another person approves.")
    )


@routes.post("/refunds/owed/{creditor_id:uuid}/{origin_id:uuid}/question")
def ask_debtor(
    request: Request, unit: StaffUnit, creditor_id: UUID, origin_id: UUID, fields: Fields
) -> Response:
    """Ask the debtor by a link to his own page to which account the money may go."""
    found = read_owed_back(unit, creditor_id=creditor_id, origin_id=origin_id)
    request_id = ask_account(unit, found)
    reached = ask_for_account(
        unit, creditor_id=creditor_id, claim_id=found.claim_id, request_id=request_id, amount=found.amount
    )
    return leave_for(
        f"/finance/refunds/owed/{creditor_id}/{origin_id}",
        notice=N_("The debtor is asked by e-mail.")
        if reached
        else N_("No e-mail address is known. The question stands on the debtor's own page."),
        tone="good" if reached else "warning",
    )


@routes.post("/refunds/owed/{creditor_id:uuid}/{origin_id:uuid}/booking")
def book(request: Request, unit: StaffUnit, creditor_id: UUID, origin_id: UUID, fields: Fields) -> Response:
    """Book money that was held on a claim instead."""
    found = read_owed_back(unit, creditor_id=creditor_id, origin_id=origin_id)
    form = submitted(BookForm, fields)
    with form.attempt(unit):
        book_held(unit, creditor_id=creditor_id, held_id=origin_id, claim_id=form.data.claim_id)
    if form.errors:
        return _owed_page(request, unit, found, form, status=409)
    return leave_for("/finance/refunds", notice=N_("Booked on the claim."))


@routes.get("/refunds/{creditor_id:uuid}/{refund_id:uuid}")
def refund(
    request: Request, unit: StaffUnit, visitor: TheVisitor, creditor_id: UUID, refund_id: UUID
) -> Response:
    """One refund: where it stands, and what can be done."""
    return _refund_page(request, unit, visitor.by, creditor_id, refund_id, blank())


@routes.post("/refunds/{creditor_id:uuid}/{refund_id:uuid}/approval")
def approve_one(
    request: Request, unit: StaffUnit, visitor: TheVisitor, creditor_id: UUID, refund_id: UUID
) -> Response:
    """Approve, as the second person."""
    form = blank()
    with form.attempt(unit):
        approve_refund(unit, creditor_id=creditor_id, refund_id=refund_id)
    if form.errors:
        return _refund_page(request, unit, visitor.by, creditor_id, refund_id, form, status=409)
    return leave_for("/finance/refunds", notice=N_("Approved."))


@routes.post("/refunds/{creditor_id:uuid}/{refund_id:uuid}/cancellation")
def cancel_one(
    request: Request, unit: StaffUnit, visitor: TheVisitor, creditor_id: UUID, refund_id: UUID, fields: Fields
) -> Response:
    """Cancel a refund that did not leave yet."""
    form = submitted(WhyForm, fields)
    with form.attempt(unit):
        cancel_refund(unit, creditor_id=creditor_id, refund_id=refund_id, why=form.data.why)
    if form.errors:
        return _refund_page(request, unit, visitor.by, creditor_id, refund_id, form, status=409)
    return leave_for("/finance/refunds", notice=N_("Cancelled. The money is owed back as before."))


@routes.post("/refunds/{creditor_id:uuid}/{refund_id:uuid}/rejection")
def reject_one(
    request: Request, unit: StaffUnit, visitor: TheVisitor, creditor_id: UUID, refund_id: UUID, fields: Fields
) -> Response:
    """Write down that the bank did not carry a refund out."""
    form = submitted(WhyForm, fields)
    with form.attempt(unit):
        reject_refund(unit, creditor_id=creditor_id, refund_id=refund_id, why=form.data.why)
    if form.errors:
        return _refund_page(request, unit, visitor.by, creditor_id, refund_id, form, status=409)
    return leave_for("/finance/refunds", notice=N_("Taken back. The money is owed back as before."))


def _payee(found: OwedBack, asked: AskForm) -> Payee | None:
    if found.source == "psp" and not asked.iban:
        return None
    return checked_payee(iban=asked.iban, holder=asked.holder)


def _owed_rows(found: Iterable[OwedBack]) -> list[dict[str, Any]]:
    return [
        {
            "href": f"/finance/refunds/owed/{one.creditor_id}/{one.held_id or one.payment_id}",
            "who": one.debtor,
            "claim": f"{one.claim_number} · {one.creditor}",
            "why": gettext(OWED_REASONS.get(one.reason, one.reason)),
            "since": one.since,
            "amount": one.amount,
        }
        for one in found
    ]


def _refund_rows(found: Iterable[RefundRow]) -> list[dict[str, Any]]:
    return [
        {
            "href": f"/finance/refunds/{one.creditor_id}/{one.refund_id}",
            "who": one.holder or one.debtor or "–",
            "claim": f"{one.claim_number} · {one.creditor}" if one.claim_number else gettext("Unknown payer"),
            "state": REFUND_STATES[one.state],
            "route": gettext(ROUTES[one.route]),
            "asked": one.requested_at,
            "amount": one.amount,
        }
        for one in found
    ]


def _list_page(request: Request, unit: Unit, form: Any, *, status: int = 200) -> Response:
    listing = Listing.read(
        "/finance/refunds", request.query_params, sorts=("requested_at",), default="-requested_at",
        filters=("q", "state"),
    )  # fmt: skip
    counted = refunds_by_state(unit)
    waiting = owed_back_list(unit, limit=_SHOWN_MAX)
    return finance_page(
        request,
        "refunds.html",
        status=status,
        owed_columns=OWED,
        owed=Cut(_owed_rows(waiting)),
        more=len(waiting) == _SHOWN_MAX,
        columns=REFUNDS,
        listing=listing,
        cut=_refunds(unit, listing),
        tabs=_tabs(listing.filters.get("state", ""), counted),
        approved=counted.get(("approved", "bank"), 0),
        owing=owing_back(unit),
        file_columns=FILES,
        files=order_files(unit, kind=REFUNDS_SENT),
        form=form,
    )


def _refunds(unit: Unit, listing: Listing) -> Cut[dict[str, Any]]:
    wanted = select(ALL_REFUNDS)
    if (state := listing.filters.get("state")) in REFUND_STATES:
        wanted = wanted.where(ALL_REFUNDS.c.state == state)
    if words := listing.filters.get("q"):
        named = (ALL_REFUNDS.c.holder, ALL_REFUNDS.c.debtor, ALL_REFUNDS.c.number, ALL_REFUNDS.c.creditor)
        wanted = wanted.where(or_(*(one.icontains(words, autoescape=True) for one in named)))
    order = {"requested_at": ALL_REFUNDS.c.requested_at}
    found = unit.session.connection().execute(listing.apply(wanted, columns=order, tie=ALL_REFUNDS.c.id))
    cut = listing.cut(found.all(), position=lambda row: (row.requested_at, row.id))
    return Cut(_refund_rows(map(refund_row, cut.rows)), cut.next_url, cut.previous_url)


def _tabs(state: str, counted: Mapping[tuple[str, str], int]) -> list[dict[str, Any]]:
    """Of the states those that there are, each with how many."""
    by_state: Counter[str] = Counter()
    for (name, _), refunds in counted.items():
        by_state[name] += refunds
    shown = {name: chip.label for name, chip in REFUND_STATES.items() if by_state[name] or name == state}
    return [
        {
            "label": gettext(label),
            "href": f"/finance/refunds?state={name}" if name else "/finance/refunds",
            "current": state == name,
            "count": by_state[name] if name else None,
        }
        for name, label in ({"": N_("All")} | shown).items()
    ]


def _owed_page(request: Request, unit: Unit, found: OwedBack, form: Any, *, status: int = 200) -> Response:
    words = request.query_params.get("q", "").replace("\0", "")[:100]
    claims = [
        claim
        for claim in (find_claims(unit, words=words, limit=100) if found.held_id and words else ())
        if claim.creditor_id == found.creditor_id
    ][:_FOUND_MAX]
    open_now = itemise_many(unit, keys=[(claim.creditor_id, claim.id) for claim in claims], on=unit.today)
    return finance_page(
        request,
        "refund_owed.html",
        status=status,
        owed=found,
        asked=account_asked(unit, found),
        why=gettext(OWED_REASONS.get(found.reason, found.reason)),
        words=words,
        found=[(claim, open_now[claim.creditor_id, claim.id].total) for claim in claims],
        form=form,
    )


def _refund_page(
    request: Request,
    unit: Unit,
    by: str,
    creditor_id: UUID,
    refund_id: UUID,
    form: Any,
    *,
    status: int = 200,
) -> Response:
    shown = read_refund(unit, creditor_id=creditor_id, refund_id=refund_id)
    return finance_page(
        request,
        "refund.html",
        status=status,
        refund=shown,
        chip=REFUND_STATES[shown.state],
        route=gettext(ROUTES[shown.route]),
        mine=shown.requested_by == by,
        elsewhere=bool(shown.payer_iban) and shown.route == "bank" and shown.payer_iban != shown.iban,
        names=names_of(unit, [shown.requested_by, shown.approved_by]),
        form=form,
    )
