"""When VAT is raised on Dutch collection costs: under three conditions, all of them needed."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from agency.money import Money, percent_of
from agency.rules.facts import Law
from agency.rules.tables import read_table, row_in_force
from agency.rules.trace import TraceLine

_RULE = "nl.bik_vat"


@dataclass(frozen=True, slots=True, kw_only=True)
class VatPosition:
    """What decides whether VAT is raised on the costs (Besluit BIK art. 2(3)).

    `deductible` tells whether the creditor can set off the VAT on the agency's invoice, `service_taxed`
    whether somebody outside collects and charges VAT, `declared` whether the letter says expressly that the
    creditor cannot set it off and raises the costs for that reason. `bought_from_deducting` is a claim that
    was bought from a creditor who could set it off: its buyer may not add what the seller could not.
    """

    deductible: bool
    service_taxed: bool = True
    declared: bool = True
    bought_from_deducting: bool = False

    @property
    def why_none(self) -> str:
        """The key of the sentence on why a creditor that cannot deduct raises no VAT; empty when it does."""
        if self.bought_from_deducting:
            return "costs.vat_bought"
        if not self.service_taxed:
            return "costs.vat_untaxed"
        return "" if self.declared else "costs.vat_undeclared"


def vat_lines(*, costs: Money, law: Law, position: VatPosition, on: date) -> tuple[TraceLine, ...]:
    """Return the line that raises VAT on costs, or the line that says why there is none.

    A creditor that deducts, which is the rule, gets no line at all: there is nothing to explain.

    :param costs: the costs without VAT, minimum and maximum already applied: VAT comes on top of them.
    :param on: the day of the notice, which picks the rate.
    """
    if position.deductible or not costs:
        return ()
    row = row_in_force((row for row in read_table("costs")["vat"] if row["law"] == law), on)
    assert row is not None, "every scale with an uplift has a VAT rate from its first day"
    percent, why = Decimal(row["percent"]), position.why_none
    line = TraceLine(
        rule=_RULE,
        version=row["since"].isoformat(),
        source=row["source"],
        inputs={"percent": str(percent), "costs": str(costs)},
        outcome=why or "costs.vat",
        amount=None if why else percent_of(costs, percent),
    )
    return (line,)
