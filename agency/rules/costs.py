from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from agency.money import Money
from agency.rules.facts import DebtorKind, Law
from agency.rules.trace import Trace


class UnlawfulCosts(ValueError):
    """Costs that no rule allows; the message says why."""


@dataclass(frozen=True, slots=True)
class Costs:
    """What may be claimed for collection: the amount, the VAT raised on it, and both together."""

    amount: Money
    vat: Money
    total: Money
    trace: Trace


def collection_costs(
    *,
    law: Law,
    debtor: DebtorKind,
    principals: Sequence[Money],
    on: date,
    vat_deductible: bool = True,
    clause_agreed: bool = True,
) -> Costs:
    raise NotImplementedError
