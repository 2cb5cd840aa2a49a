"""What is said about creditors: where they are, what is open before their first claim, what is agreed."""

from decimal import Decimal
from typing import Any

from agency.money import Money
from agency.parties.models import CreditorTerms
from agency.rules.onboarding import TaskKind
from portal.shared.i18n import N_, format_bps, format_money, format_percent, gettext

COUNTRIES = {
    "NL": N_("Netherlands"),
    "BE": N_("Belgium"),
    "LU": N_("Luxembourg"),
    "DE": N_("Germany"),
    "FR": N_("France"),
}
KEEPERS = (("creditor", N_("the creditor")), ("agency", N_("the agency")))
TASKS = {
    TaskKind.agreement: (
        N_("Assignment agreement"),
        N_("The creditor signs it on its own page. It belongs to the file of each claim."),
    ),
    TaskKind.power_of_attorney: (
        N_("Power of attorney"),
        N_("The creditor signs it on its own page. It lets us ask and receive money in its name."),
    ),
    TaskKind.identity: (
        N_("Who the creditor is"),
        N_("Look it up in the trade register: does it exist, may this person sign, is the account its own?"),
    ),
}


def terms_rows(one: CreditorTerms) -> dict[str, Any]:
    """This function will return terms as a row of their history."""
    keepers = dict(KEEPERS)
    return {
        "since": one.valid_from,
        "interest": gettext(keepers[one.interest_to]),
        "costs": gettext(keepers[one.costs_to]),
        "other": " · ".join(_others(one)),
    }


def _others(one: CreditorTerms) -> list[str]:
    said = [
        gettext("reminders in the creditor's name")
        if one.reminder_in_creditors_name
        else gettext("reminders in the agency's name")
    ]
    if one.costs_clause:
        said.append(gettext("clause on costs agreed"))
    if one.contractual_interest_percent:
        percent = format_percent(Decimal(one.contractual_interest_percent))
        said.append(gettext("%(percent)s interest a year") % {"percent": percent})
    if one.free_demand_days:
        said.append(gettext("no fee in the first %(days)s days") % {"days": one.free_demand_days})
    if one.withdrawal_bps or one.withdrawal_minimum_minor:
        least = format_money(Money(one.withdrawal_minimum_minor, "EUR"))
        words = gettext("taking back costs %(percent)s, at least %(amount)s")
        said.append(words % {"percent": format_bps(one.withdrawal_bps), "amount": least})
    return said
