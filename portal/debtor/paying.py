"""Paying online: all or a part, on the provider's own page, believed only when the provider confirms."""

from typing import Any, Literal
from uuid import UUID

from sqlalchemy import text
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from agency.arrangements.dividing import claims_of_plan
from agency.arrangements.settlements import open_settlement
from agency.claims.itemisation import open_total
from agency.kernel.errors import AgencyError
from agency.kernel.unit import Unit
from agency.money import Money
from agency.payments.intents import Part, UnableToStartPayment, start_payment
from agency.rules.words import LOCALES
from portal.debtor.fields import Fields
from portal.debtor.pages import debtor_routes, reader_of, show_debtor
from portal.debtor.together import NOTHING, parts_paid, plan_parts, together
from portal.debtor.views import DUE_WORDS, next_part
from portal.debtor.visits import TheVisit, Visit
from portal.shared.forms import AmountField, Form, FormModel, money_of, submitted
from portal.shared.i18n import N_

_LATEST = text(
    "SELECT id, state, amount_minor, currency FROM payment_intent WHERE creditor_id = :creditor"
    " AND claim_id = :claim ORDER BY created_at DESC, id DESC LIMIT 1"
)
_PAY_HOST = text("SELECT 1 FROM brand WHERE creditor_id = :creditor AND pay_host = :host")


class PayForm(FormModel):
    """How much: everything, what an agreement asks now, or an amount of the debtor's own; or another of his
    claims, or all of them together."""

    what: Literal["all", "part", "settled", "instalment", "other", "together"] = "all"
    amount: AmountField | None = None
    claim: UUID | None = None


@debtor_routes.post("/start")
def start(request: Request, visit: TheVisit, fields: Fields) -> Response:
    """Open a payment at the provider and go there."""
    form = submitted(PayForm, fields)
    if not form.errors and form.data.what == "part" and form.data.amount is None:
        form.refuse(N_("Fill in how much you want to pay."), "amount")
    if not form.errors and form.data.what != "part" and form.data.amount is not None:
        # He meant one of both; taking everything from who typed a part would be a trick.
        form.refuse(N_("You filled in an amount. Do you want to pay that? Or empty this field."), "amount")
        form.values["what"] = "part"
    if form.errors:
        return _refused(request, visit, form)
    try:
        with visit.unit() as unit:
            language = reader_of(request, visit, unit).language
        started = _start(visit, form.data, language, request.url.hostname or "")
    except AgencyError as refusal:
        form.refuse(refusal.message, refusal.field)
        return _refused(request, visit, form)
    return RedirectResponse(started or "/pay/return", status_code=303)


def _refused(request: Request, visit: Visit, form: Form[PayForm]) -> Response:
    values = {"form": form, "together": together(visit)}
    return show_debtor(request, visit, "debtor/claim.html", values, status=422)


def _start(visit: Visit, data: PayForm, language: str, host: str) -> str | None:
    public = visit.wiring.settings.public_url.rstrip("/")
    currency = _currency(visit)  # also without a part: it is where the visit is looked up
    amount, parts = None, _parts(visit, data)
    if data.what == "part" and data.amount is not None:
        amount = money_of(data.amount, currency, "amount")
    elif data.what in DUE_WORDS:
        amount = _due(visit, data.what)
        parts = plan_parts(visit, amount) if data.what == "instalment" else ()
    return start_payment(
        visit.wiring.units,
        creditor_id=visit.creditor_id,
        claim_id=visit.claim_id,
        amount=amount,
        provider=visit.wiring.ports.payments,
        redirect_url=f"{_came_by(visit, host) or public}/pay/return",
        webhook_url=f"{public}/hooks/mollie",
        locale=LOCALES[language],
        by=visit.by,
        parts=parts,
    ).checkout_url


def _parts(visit: Visit, data: PayForm) -> tuple[Part, ...]:
    """What each claim gets, where another one is paid or all of them: as they stand now, whatever the page
    said when it was opened, and none but those that this visitor has proved to be his."""
    if data.what not in ("other", "together"):
        return ()
    found = together(visit)
    parts = (
        found.parts
        if data.what == "together"
        else tuple(
            Part(one.claim_id, one.asked) for one in found.claims if one.asked and one.claim_id == data.claim
        )
    )
    if not parts:
        raise UnableToStartPayment("this invoice is not asked any more")
    return parts


def _due(visit: Visit, what: str) -> Money:
    """What an agreement asks at this moment, whatever the page said when it was opened."""
    creditor_id, claim_id = visit.creditor_id, visit.claim_id
    with visit.unit() as unit:
        if what == "settled":
            settlement = open_settlement(unit, creditor_id=creditor_id, claim_id=claim_id)
            if settlement is None:
                raise UnableToStartPayment("the day of this settlement has passed")
            return settlement.left
        part = next_part(unit, creditor_id=creditor_id, claim_id=claim_id)
        if part is None:
            raise UnableToStartPayment("your plan does not ask this part any more")
        covered = claims_of_plan(unit, creditor_id=creditor_id, claim_id=claim_id)
        if set(covered) - {claim_id}:
            return part.amount
        return min(part.amount, open_total(unit, creditor_id=creditor_id, claim_id=claim_id, on=unit.today))


def _came_by(visit: Visit, host: str) -> str:
    """The creditor's own host, when the debtor came by it: only there does the browser know the visit."""
    with visit.unit() as unit:
        own = unit.session.connection().execute(_PAY_HOST, {"creditor": visit.creditor_id, "host": host})
        return f"https://{host}" if host and own.first() else ""


@debtor_routes.get("/return")
def back(request: Request, visit: TheVisit) -> Response:
    """Where the provider sends the debtor back to; only its own confirmation says whether it was paid."""
    with visit.unit() as unit:
        latest = _latest(unit, visit)
    waiting = latest is not None and latest["state"] in ("creating", "open")
    if waiting and "hx-request" in request.headers:
        return Response(status_code=204)  # the page looked again and nothing is new: leave it as it is
    shared = parts_paid(visit, latest["id"]) if latest else []
    found = together(visit) if latest and latest["state"] == "paid" else NOTHING
    values = {"payment": latest, "waiting": waiting, "shared": shared, "together": found}
    return show_debtor(request, visit, "debtor/return.html", values)


def _latest(unit: Unit, visit: Visit) -> dict[str, Any] | None:
    row = (
        unit.session.connection()
        .execute(_LATEST, {"creditor": visit.creditor_id, "claim": visit.claim_id})
        .one_or_none()
    )
    if row is None:
        return None
    return {"id": row.id, "state": row.state, "amount": Money(row.amount_minor, row.currency)}


def _currency(visit: Visit) -> str:
    with visit.unit() as unit:
        found = unit.session.connection().execute(
            text("SELECT currency FROM claim WHERE creditor_id = :c AND id = :id"),
            {"c": visit.creditor_id, "id": visit.claim_id},
        )
        return str(found.scalar_one())
