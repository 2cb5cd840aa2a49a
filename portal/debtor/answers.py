"""What a debtor can answer besides paying: a promise, a dispute, "already paid", "not me", "I get help"."""

from datetime import date, timedelta
from typing import Any, Literal

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from agency.arrangements.promises import days_ahead_max, make_promise
from agency.claims.holds import place_hold
from agency.claims.itemisation import open_total
from agency.claims.states import HoldGround
from agency.disputes.raising import raise_dispute
from agency.kernel.unit import Unit
from agency.money import Money
from portal.debtor.fields import Fields
from portal.debtor.pages import debtor_routes, show_debtor
from portal.debtor.visits import TheVisit, Visit
from portal.shared.forms import AmountField, Form, FormModel, blank, money_of, submitted
from portal.shared.i18n import N_

REASONS = (
    ("not_ordered", N_("I did not order this")),
    ("not_delivered", N_("I did not receive it")),
    ("not_as_agreed", N_("It is not good, or not what was agreed")),
    ("wrong_amount", N_("The amount is wrong")),
    ("cancelled", N_("I cancelled it")),
    ("other", N_("Something else")),
)
Reason = Literal["not_ordered", "not_delivered", "not_as_agreed", "wrong_amount", "cancelled", "other"]
# By law (WER art. XIX.9) nothing happens for 45 days after a request to a debt mediator; the agency waits
# as long in the Netherlands.
DEBT_HELP_DAYS = 45


class PromiseForm(FormModel):
    """When the debtor will pay, and how much."""

    due_on: date
    amount: AmountField | None = None


class DisputeForm(FormModel):
    """Why the debtor does not agree."""

    reason: Reason
    words: str = ""


class PaidForm(FormModel):
    """When and how the debtor paid."""

    paid_on: date
    words: str = ""


class WordsForm(FormModel):
    """What the debtor wants to say."""

    words: str = ""


@debtor_routes.get("/promise")
def promise_form(request: Request, visit: TheVisit) -> Response:
    """Choose a day."""
    return _promise(request, visit, blank())


@debtor_routes.post("/promise")
def promise(request: Request, visit: TheVisit, fields: Fields) -> Response:
    """Promise to pay on a day; reminders stop until then."""
    form = submitted(PromiseForm, fields)
    with visit.unit() as unit:
        with form.attempt(unit):
            make_promise(unit, **_whose(visit), amount=_amount(unit, visit, form), due_on=form.data.due_on)
        if not form.errors:
            return thanks("promise")
    return _promise(request, visit, form, status=422)


@debtor_routes.get("/dispute")
def dispute_form(request: Request, visit: TheVisit) -> Response:
    """Say why."""
    return show_debtor(request, visit, "debtor/dispute.html", {"form": blank(), "reasons": REASONS})


@debtor_routes.post("/dispute")
def dispute(request: Request, visit: TheVisit, fields: Fields) -> Response:
    """Dispute the claim: nothing leaves until somebody has looked into it."""
    form = submitted(DisputeForm, fields)
    with visit.unit() as unit:
        with form.attempt(unit):
            raise_dispute(unit, **_whose(visit), reason=form.data.reason, words=form.data.words)
        if not form.errors:
            return thanks("dispute")
    return show_debtor(request, visit, "debtor/dispute.html", {"form": form, "reasons": REASONS}, status=422)


@debtor_routes.get("/already-paid")
def paid_form(request: Request, visit: TheVisit) -> Response:
    """Say when."""
    return show_debtor(request, visit, "debtor/already_paid.html", {"form": blank()})


@debtor_routes.post("/already-paid")
def paid(request: Request, visit: TheVisit, fields: Fields) -> Response:
    """Hold the claim while the payment is looked for."""
    form = submitted(PaidForm, fields)
    if not form.errors:
        return _hold(visit, HoldGround.SAYS_PAID, f"{form.data.paid_on.isoformat()} {form.data.words}", 14)
    return show_debtor(request, visit, "debtor/already_paid.html", {"form": form}, status=422)


@debtor_routes.get("/not-me")
def not_me_form(request: Request, visit: TheVisit) -> Response:
    """Say that it is for somebody else."""
    return show_debtor(request, visit, "debtor/not_me.html", {"form": blank()})


@debtor_routes.post("/not-me")
def not_me(request: Request, visit: TheVisit, fields: Fields) -> Response:
    """Hold the claim until a person has looked into it."""
    form = submitted(WordsForm, fields)
    if not form.errors:
        return _hold(visit, HoldGround.NOT_ME, form.data.words, None)
    return show_debtor(request, visit, "debtor/not_me.html", {"form": form}, status=422)


@debtor_routes.get("/debt-help")
def debt_help_form(request: Request, visit: TheVisit) -> Response:
    """Say who helps."""
    return show_debtor(request, visit, "debtor/debt_help.html", {"form": blank()})


@debtor_routes.post("/debt-help")
def debt_help(request: Request, visit: TheVisit, fields: Fields) -> Response:
    """Stop at once: somebody helps the debtor with all debts together."""
    form = submitted(WordsForm, fields)
    if not form.errors:
        return _hold(visit, HoldGround.DEBT_HELP, form.data.words, DEBT_HELP_DAYS)
    return show_debtor(request, visit, "debtor/debt_help.html", {"form": form}, status=422)


@debtor_routes.get("/thanks/{what}")
def thank(
    request: Request, visit: TheVisit, what: Literal["promise", "dispute", "says_paid", "not_me", "debt_help"]
) -> Response:
    """What happens next."""
    return show_debtor(request, visit, "debtor/thanks.html", {"what": what})


def thanks(what: str) -> Response:
    """This function will go to the page that says what happens next."""
    return RedirectResponse(f"/pay/thanks/{what}", status_code=303)


def _promise(request: Request, visit: Visit, form: Form[Any], *, status: int = 200) -> Response:
    with visit.unit() as unit:
        days_max = days_ahead_max(unit.today)
    return show_debtor(
        request, visit, "debtor/promise.html", {"form": form, "days_max": days_max}, status=status
    )


def _amount(unit: Unit, visit: Visit, form: Form[PromiseForm]) -> Money:
    owed = open_total(unit, **_whose(visit), on=unit.today)
    typed = form.data.amount
    return owed if typed is None else money_of(typed, owed.currency, "amount")


def _hold(visit: Visit, ground: HoldGround, note: str, days: int | None) -> Response:
    with visit.unit() as unit:
        ends_at = unit.now + timedelta(days=days) if days else None
        place_hold(unit, **_whose(visit), ground=ground, note=note.strip(), ends_at=ends_at, lengthens=True)
    return thanks(ground.value)


def _whose(visit: Visit) -> dict[str, Any]:
    return {"creditor_id": visit.creditor_id, "claim_id": visit.claim_id}
