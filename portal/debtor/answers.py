"""What a debtor can answer besides paying: a promise, a dispute, "already paid", "not me", "I get help"."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any, Literal
from uuid import UUID

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from agency.arrangements.promises import change_promise, days_ahead_max, make_promise, withdraw_promise
from agency.claims.holds import place_hold
from agency.claims.itemisation import open_total
from agency.claims.states import HoldGround
from agency.disputes.raising import raise_dispute
from agency.kernel.unit import Unit
from agency.money import Money
from portal.debtor.fields import Fields
from portal.debtor.pages import debtor_routes, reader_of, show_debtor
from portal.debtor.views import claim_view
from portal.debtor.visits import TheVisit, Visit
from portal.shared.forms import AmountField, Form, FormModel, blank, money_of, submitted
from portal.shared.i18n import N_, speaking, typed_money

REASONS = (
    ("not_ordered", N_("I did not order this")),
    ("not_delivered", N_("I did not receive it")),
    ("not_as_agreed", N_("It is not good, or not what was agreed")),
    ("wrong_amount", N_("The amount is wrong")),
    ("cancelled", N_("I cancelled it")),
    ("other", N_("Something else")),
)
Reason = Literal["not_ordered", "not_delivered", "not_as_agreed", "wrong_amount", "cancelled", "other"]
Thanks = Literal[
    "promise", "promise_withdrawn", "dispute", "says_paid", "not_me", "debt_help", "message", "language"
]
# By law (WER art. XIX.9) nothing happens for 45 days after a request to a debt mediator; the agency waits
# as long in the Netherlands.
DEBT_HELP_DAYS = 45
# Older than any claim can be (twenty years, BW 3:306): such a day is a slip of the hand.
PAID_DAYS_MAX = 20 * 366


class PromiseForm(FormModel):
    """When the debtor will pay, and how much."""

    due_on: date
    amount: AmountField | None = None


class NoFields(FormModel):
    """Nothing but the press of the button."""


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
    """Choose a day; who has promised already sees it, and may change it or take it back."""
    with visit.unit() as unit:
        view = claim_view(unit, **_whose(visit))
        language = reader_of(request, visit, unit).language
    if view.promised_on is None or view.promised is None:
        return _promise(request, visit, blank())
    with speaking(language):
        part = "" if view.promised == view.owed.total else typed_money(view.promised)
    return _promise(request, visit, blank(due_on=view.promised_on.isoformat(), amount=part))


@debtor_routes.post("/promise")
def promise(request: Request, visit: TheVisit, fields: Fields) -> Response:
    """Promise to pay on a day; reminders stop until then."""
    return _keep_promise(request, visit, submitted(PromiseForm, fields), make_promise)


@debtor_routes.post("/promise/change")
def change(request: Request, visit: TheVisit, fields: Fields) -> Response:
    """Another day or amount instead of the one that was promised."""
    return _keep_promise(request, visit, submitted(PromiseForm, fields), change_promise)


@debtor_routes.post("/promise/withdrawal")
def withdraw(request: Request, visit: TheVisit, fields: Fields) -> Response:
    """Take the promise back."""
    form = submitted(NoFields, fields)
    with visit.unit() as unit:
        with form.attempt(unit):
            withdraw_promise(unit, **_whose(visit))
        if not form.errors:
            return thanks("promise_withdrawn")
    return _promise(request, visit, form, status=409)


def _keep_promise(
    request: Request, visit: Visit, form: Form[PromiseForm], keep: Callable[..., UUID]
) -> Response:
    with visit.unit() as unit:
        with form.attempt(unit):
            keep(unit, **_whose(visit), amount=_amount(unit, visit, form), due_on=form.data.due_on)
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
    with visit.unit() as unit:
        today = unit.today
    if not form.errors and not today - timedelta(days=PAID_DAYS_MAX) <= form.data.paid_on <= today:
        form.refuse(N_("Choose the day on which you paid: today or earlier."), "paid_on")
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
def thank(request: Request, visit: TheVisit, what: Thanks) -> Response:
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
