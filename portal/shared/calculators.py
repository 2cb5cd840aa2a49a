"""Public calculators: what collection costs and statutory interest come to, with every step and its source.

Everything that an answer depends on stands in the address, so that whoever opens it sees the same answer.
"""

from collections.abc import Callable, Sequence
from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Final, Literal, TypeVar

from limits import RateLimitItemPerMinute
from pydantic import AfterValidator, Field
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from agency.kernel.unit import Door
from agency.money import Money
from agency.rules.explain import ExplainedLine, explain
from agency.rules.facts import DebtorKind, InterestKind, Law
from portal import rules_answers
from portal.rules_answers import Answer, Refused
from portal.shared.audience import TheWiring, here, router
from portal.shared.forms import AmountField, Form, FormModel, blank, submitted
from portal.shared.i18n import N_, current_language
from portal.shared.rendering import page
from portal.shared.throttling import refuse_too_many
from portal.shared.words import DEBTOR_KINDS
from portal.wiring import Wiring

routes = router(audience="public", prefix="/calculators")

PER_ADDRESS: Final = RateLimitItemPerMinute(120)
LAWS: Final = (
    ("nl", N_("Netherlands")),
    ("be", N_("Belgium")),
    ("de", N_("Germany")),
    ("uk", N_("United Kingdom")),
    ("eu", N_("European Union")),
)
KINDS: Final = (
    ("consumer", N_("To a consumer"), ""),
    ("trade", N_("Between businesses"), ""),
    ("civil", N_("Civil legal interest"), ""),
)
_CENT: Final = Decimal("0.01")
_AMOUNT_MAX: Final = Decimal(1_000_000_000)
_FIRST_DAY: Final = date(1990, 1, 1)
_LAST_DAY: Final = date(2099, 12, 31)


def _in_cents(amount: Decimal) -> Decimal:
    if amount != amount.quantize(_CENT):
        raise ValueError(N_("Write cents with two decimals: 1234,56."))
    return amount


Amount = Annotated[AmountField, Field(gt=0, le=_AMOUNT_MAX), AfterValidator(_in_cents)]
Day = Annotated[date, Field(ge=_FIRST_DAY, le=_LAST_DAY)]
YesOrNo = Literal["true", ""]


class CostsForm(FormModel):
    """What collection costs depend on; up to three invoices in one letter."""

    law: Law = Law.nl
    debtor: DebtorKind = DebtorKind.consumer
    principal: Amount
    principal_2: Amount | None = None
    principal_3: Amount | None = None
    on: Day
    vat: YesOrNo = ""
    no_clause: YesOrNo = ""


class InterestForm(FormModel):
    """What interest depends on."""

    law: Law = Law.nl
    kind: Literal["consumer", "trade", "civil"] = "consumer"
    principal: Amount
    first_day: Day
    last_day: Day
    simple: YesOrNo = ""


Data = TypeVar("Data", bound=FormModel)

# What the rules refuse, beside the field that it concerns.
_REFUSALS: Final = {
    "--on": ("on", N_("No rule is known for this law on this day.")),
    "--first-day": ("first_day", N_("No rate is known for this day.")),
    "--kind": ("kind", N_("This law has no interest of this kind.")),
}


@routes.get("")
def start() -> Response:
    """The first calculator."""
    return RedirectResponse("/calculators/costs", status_code=303)


@routes.get("/costs")
def costs(request: Request, wiring: TheWiring) -> Response:
    """What may be claimed for collection."""
    refuse_too_many(request, wiring.settings, PER_ADDRESS, what="calculators")
    form = _read(request, CostsForm)
    if form is None:
        empty = blank(law="nl", debtor="consumer", on=_today(wiring).isoformat())
        return _page(request, wiring, "costs", empty)
    return _answer(request, wiring, "costs", form, _costs)


@routes.get("/interest")
def interest(request: Request, wiring: TheWiring) -> Response:
    """What statutory interest comes to."""
    refuse_too_many(request, wiring.settings, PER_ADDRESS, what="calculators")
    form = _read(request, InterestForm)
    if form is None:
        today = _today(wiring).isoformat()
        return _page(request, wiring, "interest", blank(law="nl", kind="consumer", last_day=today))
    return _answer(request, wiring, "interest", form, _interest)


def _costs(data: CostsForm) -> tuple[Money, Answer]:
    given = [data.principal, data.principal_2, data.principal_3]
    answer = rules_answers.costs(
        law=data.law,
        debtor=data.debtor,
        principals=[_money(amount, data.law) for amount in given if amount is not None],
        on=data.on,
        vat_deductible=not data.vat,
        clause_agreed=not data.no_clause,
        paid_within_term=None,
        fee_rate=None,
    )
    return answer.parts["total"], answer


def _interest(data: InterestForm) -> tuple[Money, Answer]:
    answer = rules_answers.interest(
        law=data.law,
        kind=InterestKind(data.kind),
        principal=_money(data.principal, data.law),
        first_day=data.first_day,
        last_day=data.last_day,
        late_since=None,
        simple=bool(data.simple),
    )
    return answer.parts["amount"], answer


def _money(amount: Decimal, law: Law) -> Money:
    return Money.parse(f"{amount:.2f}", rules_answers.currency_of(law))


def _today(wiring: Wiring) -> date:
    with wiring.units.open(Door.GATE, by="system:gate") as unit:
        return unit.today


def _read(request: Request, model: type[Data]) -> Form[Data] | None:
    """The form that the address holds, None when it holds none; what others put into a link is left out."""
    sent = request.query_params
    known = {name: sent[name] for name in model.model_fields if name in sent}
    return submitted(model, known) if known else None


def _answer(
    request: Request,
    wiring: Wiring,
    name: str,
    form: Form[Any],
    compute: Callable[[Any], tuple[Money, Answer]],
) -> Response:
    if not form.errors:
        try:
            total, answer = compute(form.data)
            return _page(request, wiring, name, form, total, explain(answer.trace, current_language()))
        except Refused as refusal:
            field, words = _REFUSALS.get(refusal.option, ("principal", refusal.reason))
            form.refuse(words, field)
    return _page(request, wiring, name, form)


def _page(
    request: Request,
    wiring: Wiring,
    name: str,
    form: Form[Any],
    total: Money | None = None,
    lines: Sequence[ExplainedLine] = (),
) -> Response:
    reader = here(request)
    values = {
        "form": form,
        "laws": LAWS,
        "kinds": KINDS,
        "debtors": [(kind, words, "") for kind, words in DEBTOR_KINDS.items()],
        "total": total,
        "sums": [(line.words, line.amount, line.source) for line in lines if line.amount is not None],
        "remarks": [(line.words, line.source) for line in lines if line.amount is None],
        "address": wiring.settings.public_url.rstrip("/") + reader.url,
    }
    status = 422 if form.errors else 200
    return page(f"calculators/{name}.html", values, here=reader, status=status)
