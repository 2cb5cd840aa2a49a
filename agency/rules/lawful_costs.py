"""The answer to every question about collection costs, and the refusal."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from agency.money import Money
from agency.rules.trace import Trace, TraceLine


class UnlawfulCosts(ValueError):
    """Costs that no rule allows; the message says why."""


@dataclass(frozen=True, slots=True)
class Costs:
    """What may be claimed for collection: the amount, the VAT raised on it, and both together.

    The amounts in the trace add up to `total`. `court_may_lower_to` is what a court may lower agreed costs
    to (without VAT), None where the law leaves it no such choice.
    """

    amount: Money
    vat: Money
    total: Money
    trace: Trace
    court_may_lower_to: Money | None = None


def costs_of(
    lines: Sequence[TraceLine],
    *,
    currency: str,
    vat_lines: Sequence[TraceLine] = (),
    court_may_lower_to: Money | None = None,
) -> Costs:
    """Build the answer from its trace, so that what the lines say is what is claimed.

    :param lines: the lines whose amounts add up to the costs without VAT.
    :param vat_lines: the lines whose amounts add up to the VAT.
    """
    amount, vat = addends(lines, currency), addends(vat_lines, currency)
    return Costs(
        amount=amount,
        vat=vat,
        total=amount + vat,
        trace=(*lines, *vat_lines),
        court_may_lower_to=court_may_lower_to,
    )


def addends(lines: Iterable[TraceLine], currency: str) -> Money:
    """Add up the amounts of trace lines; lines that only explain have none."""
    return Money.total((line.amount for line in lines if line.amount is not None), currency)
