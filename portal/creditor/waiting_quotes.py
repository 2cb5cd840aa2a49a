"""What waits for the creditor's answer: prices of new claims, and higher prices of claims in collection,
which are accepted or declined one by one or together."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response

from agency.kernel.errors import Conflict
from agency.kernel.unit import Unit
from agency.money import Money
from agency.pricing.acceptance import accept_quote, decline_quote
from portal.creditor.doors import binding, creditor_page, routes
from portal.creditor.price_changes import count_waiting, waiting_prices
from portal.creditor.quote_closing import REASONS, chosen_ids, decline_reason
from portal.creditor.quotes import COLUMNS, listed_quote
from portal.creditor.words import QUOTE_STATES
from portal.quote_rows import quote_rows
from portal.shared.audience import CreditorUnit, TheVisitor, leave_for, own_creditor
from portal.shared.forms import Fields, Form, blank
from portal.shared.i18n import N_, gettext
from portal.shared.listing import Column, Cut
from portal.shared.throttling import address_of

SHOWN_MAX = 200
RISE_COLUMNS = (
    Column("claim", N_("Claim"), "link", sub="debtor"),
    Column("amount", N_("Amount"), "money", phone=False),
    Column("before", N_("Agreed"), "bps"),
    Column("after", N_("New"), "bps"),
    Column("until", N_("Valid until"), "moment", phone=False),
    Column("waits", N_("What waits"), phone=False),
    Column("state", N_("Status"), "chip"),
)


@routes.get("/quotes/waiting")
def waiting_quotes(request: Request, unit: CreditorUnit, visitor: TheVisitor) -> Response:
    """Everything that waits for an answer."""
    return _page(request, unit, visitor.roles, own_creditor(visitor), blank())


@binding.post("/quotes/waiting")
def answer_chosen(request: Request, unit: CreditorUnit, visitor: TheVisitor, fields: Fields) -> Response:
    """Accept or decline the chosen higher prices; one that is not open any more keeps none of the others."""
    creditor_id = own_creditor(visitor)
    form, why = decline_reason(fields)
    accepting = fields.get("do") != "decline"
    if accepting:
        form = Form(form.values)
    chosen = fields.get("quote", [])
    ids = chosen_ids([chosen] if isinstance(chosen, str) else chosen)
    if not ids:
        form.refuse(N_("Choose at least one claim."))
    if form.errors:
        return _page(request, unit, visitor.roles, creditor_id, form)
    # In one order, so that two managers who answer at once wait for each other and never in a circle.
    who: dict[str, Any] = {"creditor_id": creditor_id, "address": address_of(request)}
    stale = 0
    for quote_id in sorted(ids):
        try:
            with unit.session.begin_nested():
                if accepting:
                    accept_quote(unit, quote_id=quote_id, **who)
                else:
                    decline_quote(unit, quote_id=quote_id, why=why, **who)
        except Conflict:
            stale += 1
    return _leave(accepting, some_stale=bool(stale))


def _leave(accepting: bool, *, some_stale: bool) -> Response:
    if some_stale:
        notice = N_("Some of these prices had changed or expired; they are left as they are.")
        return leave_for("/creditor/quotes/waiting", notice=notice, tone="warning")
    notice = N_("Accepted. Collection of these claims goes on.")
    if not accepting:
        notice = N_("Declined. These claims are given back to you.")
    return leave_for("/creditor/quotes/waiting", notice=notice)


def _page(
    request: Request, unit: Unit, roles: frozenset[str], creditor_id: UUID, form: Form[Any]
) -> Response:
    rises = _rises(waiting_prices(unit, creditor_id=creditor_id, limit=SHOWN_MAX))
    new = quote_rows(unit, creditor_id=creditor_id, only_open=True)
    return creditor_page(
        request,
        "quotes_waiting.html",
        status=422 if form.errors else 200,
        rise_columns=RISE_COLUMNS,
        rises=Cut(rises),
        more=count_waiting(unit, creditor_id=creditor_id).claims - len(rises),
        columns=COLUMNS,
        cut=Cut([listed_quote(row) for row in new]),
        form=form,
        reasons=REASONS,
        may_bind="creditor_manager" in roles,
    )


def _rises(rows: Sequence[Any]) -> list[dict[str, Any]]:
    return [
        {
            "id": row.id,
            "href": f"/creditor/quotes/{row.id}",
            "claim": row.claim,
            "debtor": row.debtor,
            "amount": Money(row.principal_minor, row.currency),
            "before": row.before,
            "after": row.after,
            "until": row.expires_at,
            "waits": gettext("the claim") if row.held else gettext("the contested part"),
            "state": QUOTE_STATES["expired" if row.expired else "open"],
        }
        for row in rows
    ]
