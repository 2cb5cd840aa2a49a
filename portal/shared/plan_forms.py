"""The form in which a plan is wished for: an amount each time, or a number of times."""

from datetime import date, timedelta
from typing import Any, Literal

from agency.arrangements.plans import Wish
from agency.calendar import add_months
from agency.money import Money, UnreadableAmount
from agency.rules.instalments import Rhythm
from portal.shared.forms import AmountField, Form, FormModel
from portal.shared.i18n import N_


class PlanForm(FormModel):
    """How much each time, or how often; how far apart, and from when."""

    how: Literal["amount", "count"] = "amount"
    amount: AmountField | None = None
    count: int | None = None
    rhythm: Rhythm = Rhythm.MONTHLY
    first_on: date | None = None


def usual_first_day(today: date) -> date:
    """This function will return the first of next month, or of the one after when that is very near."""
    first = add_months(today.replace(day=1), 1)
    return first if first - today >= timedelta(days=7) else add_months(first, 1)


def wish_of(form: Form[Any], currency: str) -> Wish | None:
    """This function will return what a `PlanForm` wishes for; None when the form now says what is wrong."""
    if form.errors:
        return None
    data: PlanForm = form.data
    if data.first_on is None:
        form.refuse(N_("Fill this in."), "first_on")
        return None
    if data.how == "amount":
        if data.amount is None:
            form.refuse(N_("Fill in how much you want to pay each time."), "amount")
            return None
        try:
            amount = Money.parse(f"{data.amount:f}", currency)
        except UnreadableAmount:
            form.refuse(N_("Give an amount, like 12.50."), "amount")
            return None
        return Wish(first_on=data.first_on, rhythm=data.rhythm, amount=amount)
    if data.count is None:
        form.refuse(N_("Fill in how many times you want to pay."), "count")
        return None
    return Wish(first_on=data.first_on, rhythm=data.rhythm, count=data.count)
