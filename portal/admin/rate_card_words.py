"""What administrators read of a rate card: its rules, its fields and its states."""

from typing import Any

from agency.money import Money
from agency.rules.rate_card import CardFault
from portal.shared.i18n import N_, format_bps, format_money, gettext

GROUPS = {
    "bands": N_("Rates by amount"),
    "ages": N_("Age"),
    "countries": N_("Country of the debtor"),
    "phases": N_("Phase"),
    "debtors": N_("Kind of debtor"),
    "disputes": N_("Dispute"),
    "bps_per_point": N_("Per point of completeness"),
    "pivot_points": N_("Neutral completeness"),
    "floor_bps": N_("Lower limit"),
    "ceiling_bps": N_("Upper limit"),
    "minimum": N_("Minimum fee"),
    "file_fee": N_("File fee"),
    "interest_to": N_("Who keeps the interest"),
    "costs_to": N_("Who keeps the costs"),
    "currency": N_("Currency"),
    "name": N_("Name"),
    "valid_from": N_("Counts from"),
    "": N_("The card"),
}
KEEPERS = [("creditor", N_("the creditor")), ("agency", N_("the agency"))]
DISPUTES = {
    "none": N_("not disputed"),
    "raised": N_("disputed without grounds so far"),
    "substantiated": N_("disputed with grounds"),
    "partly_accepted": N_("partly accepted"),
    "resolved_creditor": N_("dispute settled for the creditor"),
    "resolved_debtor": N_("dispute settled for the debtor"),
}
# The rules of `agency.rules.rate_card` and `agency.pricing.promises`, as they are said there.
RULES = (
    N_("its bands rise and only the last one is open"),
    N_("a claim split in two never costs less: rates fall with the size"),
    N_("a claim split in two never costs less"),
    N_("its ages begin at zero and rise"),
    N_("an older claim never costs less"),
    N_("its phases are known and stand in their order"),
    N_("a later phase never costs less"),
    N_("its first phase is done by result everywhere"),
    N_("a dispute never makes it cheaper"),
    N_("a dispute settled for the creditor restores the price"),
    N_("it prices every dispute status"),
    N_("it prices every kind of debtor"),
    N_("it prices every country"),
    N_("its currency is known"),
    N_("a document never makes it dearer"),
    N_("its neutral completeness is 0 to 100"),
    N_("its lower limit is above zero and under the upper one"),
    N_("its upper limit is at most the whole"),
    N_("its minimum is not negative"),
    N_("its file fee is not negative"),
    N_("it says who keeps the interest"),
    N_("it says who keeps the costs"),
    N_("a larger claim never pays less in total"),
    N_("the factors add up to the fee"),
)
_EUROS = ("minimum", "file_fee")


def fault_words(fault: CardFault) -> dict[str, str]:
    """This function will say where a card breaks which rule."""
    group, _, row = fault.field.partition(".")
    where = gettext(GROUPS.get(group, group))
    if row.isdigit():
        where = gettext("%(group)s, row %(row)s") % {"group": where, "row": row}
    elif row:
        where = f"{where}: {gettext(DISPUTES.get(row, row))}"
    return {"where": where, "rule": gettext(fault.sentence), "field": fault.field.replace(".", "-")}


def difference_words(name: str, before: Any, after: Any, currency: str) -> dict[str, str]:
    """This function will say what differs between two cards in one field."""
    group, _, row = name.partition(".")
    where = gettext(GROUPS.get(group, group))
    if group == "bands":
        top = gettext("above the last one") if row == "above" else format_money(Money(int(row), currency))
        row = gettext("up to %(amount)s") % {"amount": top} if row != "above" else top
    elif group == "ages":
        row = gettext("from %(days)s days") % {"days": row}
    elif group == "disputes":
        row = gettext(DISPUTES.get(row, row))
    return {
        "where": f"{where}: {row}" if row else where,
        "before": _value(group, before, currency),
        "after": _value(group, after, currency),
    }


def _value(group: str, value: Any, currency: str) -> str:
    if value is None or value == "":
        return "–"
    if group in _EUROS:
        return format_money(Money(value, currency))
    if isinstance(value, int) and group != "pivot_points":
        return format_bps(value)
    return gettext(dict(KEEPERS).get(value, str(value)))
