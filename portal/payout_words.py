"""How a creditor is paid out, in words: for finance who agrees it, and for the creditor."""

from agency.money import Money
from agency.parties.models import CreditorTerms
from agency.rules.payout import PayoutCycle
from portal.shared.i18n import N_, format_money, gettext, weekday_name
from portal.shared.words import REMITTANCE_MODES

CYCLES = {
    "daily": (N_("Daily"), N_("Every business day on which something is due.")),
    "weekly": (N_("Weekly"), N_("On one weekday.")),
    "monthly": (N_("Monthly"), N_("On one day of the month.")),
    "threshold": (N_("From an amount"), N_("As soon as enough has come in.")),
}


def cycle_words(cycle: str, day: int) -> str:
    """This function will say how often, and on which day."""
    words = gettext(CYCLES[cycle][0])
    if cycle == PayoutCycle.WEEKLY:
        return f"{words}: {weekday_name(day)}"
    if cycle == PayoutCycle.MONTHLY:
        return gettext("%(cycle)s: day %(day)s") % {"cycle": words, "day": day}
    return words


def terms_words(terms: CreditorTerms) -> str:
    """This function will say in one line how often, what becomes of the fee, and from which amount."""
    parts = [
        cycle_words(terms.payout_cycle, terms.payout_day),
        gettext(REMITTANCE_MODES[terms.remittance_mode]),
    ]
    if terms.payout_from_minor:
        least = Money(terms.payout_from_minor, "EUR")
        parts.append(gettext("from %(amount)s") % {"amount": format_money(least)})
    return " · ".join(parts)
