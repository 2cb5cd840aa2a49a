"""Money in suspense: the lines that wait, what each may be, and settling them one after the other."""

from typing import Any
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response

from agency.banking.queries import next_in_suspense, read_line, suspense_by_age
from agency.banking.suspense import Proposal, SuspenseItem, settle_line, suspense_items
from agency.claims.finding import find_claims
from agency.claims.itemisation import itemise_many
from agency.kernel.unit import Unit
from portal.finance.doors import finance_page, routes
from portal.finance.words import LINE_STATES, reasons
from portal.shared.audience import StaffUnit, leave_for
from portal.shared.forms import Fields, FormModel, blank, submitted
from portal.shared.i18n import N_
from portal.shared.listing import Chip, Column, Cut

ITEMS = (
    Column("who", N_("Counterparty"), "link", sub="text"),
    Column("booked_on", N_("Booked on"), "day"),
    Column("amount", N_("Amount"), "money"),
    Column("days", N_("Business days"), "number", phone=False),
    Column("age", N_("Age"), "chip", phone=False),
    Column("why", N_("Why it waits"), phone=False),
)

_FOUND_MAX = 12


class SettleForm(FormModel):
    """The claim that a person chose for a line."""

    creditor_id: UUID
    claim_id: UUID


@routes.get("/suspense")
def suspense(request: Request, unit: StaffUnit) -> Response:
    """Every line that waits, the oldest first."""
    items = [_item_row(item) for item in suspense_items(unit)]
    return finance_page(request, "suspense.html", columns=ITEMS, cut=Cut(items), ages=suspense_by_age(unit))


@routes.get("/suspense/{line_id:uuid}")
def suspense_line(request: Request, unit: StaffUnit, line_id: UUID) -> Response:
    """One line with the claims it may be for, and a search for others."""
    return _line_page(request, unit, line_id, blank())


@routes.post("/suspense/{line_id:uuid}/settlement")
def settle(request: Request, unit: StaffUnit, line_id: UUID, fields: Fields) -> Response:
    """Book the line on a claim and go on to the next one."""
    form = submitted(SettleForm, fields)
    with form.attempt(unit):
        settle_line(unit, line_id=line_id, creditor_id=form.data.creditor_id, claim_id=form.data.claim_id)
    if form.errors:
        return _line_page(request, unit, line_id, form, status=409)
    following = next_in_suspense(unit, after=line_id)
    url = f"/finance/suspense/{following}" if following else "/finance/suspense"
    return leave_for(url, notice=N_("Booked on the claim."))


def _item_row(item: SuspenseItem) -> dict[str, Any]:
    return {
        "href": f"/finance/{'suspense' if item.amount.minor > 0 else 'lines'}/{item.line_id}",
        "who": item.counterparty or item.counterparty_iban or item.text or "–",
        "text": item.text,
        "booked_on": item.booked_on,
        "amount": item.amount,
        "days": item.business_days,
        "age": age_chip(item.business_days),
        "why": reasons(item.reasons),
    }


def age_chip(business_days: int) -> Chip:
    """This function will say whether a line's age is fine, a warning, or blocks payouts."""
    if business_days > 5:
        return Chip(N_("Blocks payouts"), "bad")
    return Chip(N_("Attention"), "warning") if business_days > 1 else Chip(N_("New"), "neutral")


def _line_page(request: Request, unit: Unit, line_id: UUID, form: Any, *, status: int = 200) -> Response:
    line = read_line(unit, line_id=line_id)
    words = request.query_params.get("q", "").replace("\0", "")[:100]
    found = [
        Proposal(row.creditor_id, row.id, row.number, row.creditor, row.debtor)
        for row in find_claims(unit, words=words, limit=_FOUND_MAX)
    ]
    item = next((item for item in suspense_items(unit) if item.line_id == line_id), None)
    return finance_page(
        request,
        "suspense_line.html",
        status=status,
        line=line,
        chip=LINE_STATES[line.state],
        reasons=reasons(line.match.get("reasons", [])),
        proposals=_with_open(unit, item.proposals if item else ()),
        words=words,
        found=_with_open(unit, found),
        form=form,
    )


def _with_open(unit: Unit, claims: tuple[Proposal, ...] | list[Proposal]) -> list[dict[str, Any]]:
    keys = [(claim.creditor_id, claim.claim_id) for claim in claims]
    owed = itemise_many(unit, keys=keys, on=unit.today)
    return [{"claim": claim, "open": owed[claim.creditor_id, claim.claim_id].total} for claim in claims]
