"""The amounts of one message: as of the day of sending, equal to the ledger, kept with the message."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from agency.claims.itemisation import ItemisedClaim
from agency.money import Money
from agency.rules.costs import UnlawfulCosts, collection_costs
from agency.rules.facts import DebtorKind, Law
from agency.rules.trace import Trace, TraceLine


@dataclass(frozen=True, slots=True)
class AnnouncedCosts:
    """The costs that a notice says will be due when its term has passed."""

    amount: Money
    vat: Money
    trace: Trace

    @property
    def total(self) -> Money:
        """What the debtor would pay."""
        return self.amount + self.vat


def announce_costs(
    *, owed: ItemisedClaim, law: Law, debtor: DebtorKind, on: date, vat_deductible: bool, clause_agreed: bool
) -> AnnouncedCosts:
    """Work out the costs that a notice of this day announces, over what is open of each invoice.

    Costs that no rule allows are announced as nothing, with the reason in the trace.
    """
    opens = [invoice.open for invoice in owed.invoices if invoice.open.minor > 0]
    zero = Money.zero(owed.principal.currency)
    if not opens:
        return AnnouncedCosts(zero, zero, ())
    try:
        costs = collection_costs(
            law=law,
            debtor=debtor,
            principals=opens,
            on=on,
            vat_deductible=vat_deductible,
            clause_agreed=clause_agreed,
        )
    except UnlawfulCosts as error:
        line = TraceLine(
            rule=f"{law}.no_costs",
            version=on.isoformat(),
            source="no rule allows them",
            inputs={"why": str(error)},
            outcome="costs.refused",
            amount=zero,
        )
        return AnnouncedCosts(zero, zero, (line,))
    return AnnouncedCosts(costs.amount, costs.vat, costs.trace)


def as_json(owed: ItemisedClaim, announced: AnnouncedCosts | None) -> dict[str, Any]:
    """Return the amounts as they are kept with the message: minor units of one currency, and the day."""
    amounts: dict[str, Any] = {
        "as_of": owed.on.isoformat(),
        "currency": owed.total.currency,
        "principal": owed.principal.minor,
        "interest": owed.interest.minor,
        "costs": owed.costs.minor,
        "costs_vat": owed.costs_vat.minor,
        "paid": owed.paid.minor,
        "total": owed.total.minor,
    }
    contested = -Money.total(
        (line.amount for line in owed.lines if line.label == "disputed"), owed.total.currency
    )
    if contested:
        amounts["disputed"] = contested.minor
    if announced is not None:
        amounts["announced"] = {"costs": announced.amount.minor, "costs_vat": announced.vat.minor}
    return amounts
