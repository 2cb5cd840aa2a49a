"""VAT of a document: computed once over its total, the cents divided over its lines."""

from collections.abc import Sequence
from decimal import Decimal

from agency.money import Money, percent_of


def vat_corrections(*, nets: Sequence[Money], vats: Sequence[Money], percent: Decimal) -> tuple[Money, ...]:
    """Return what to add to the VAT of each line so that the lines add up to the VAT over their total.

    Each line's VAT was rounded by itself; the VAT of a document is rounded once, over its total (EN 16931,
    BR-CO-17). The difference goes in whole cents to the lines with the largest amounts, evenly.

    :param nets: the amounts without VAT, at least one, in one currency.
    :param vats: the VAT of each as it stands.
    :raises ValueError: when there are no lines, or not as many VAT amounts as lines.
    """
    if not nets or len(nets) != len(vats):
        raise ValueError("one amount of VAT for each line, and at least one line")
    currency = nets[0].currency
    rest = percent_of(Money.total(nets, currency), percent).minor - Money.total(vats, currency).minor
    corrections = [0] * len(nets)
    whole, odd = divmod(abs(rest), len(nets))
    sign = 1 if rest > 0 else -1
    largest = sorted(range(len(nets)), key=lambda place: (-abs(nets[place].minor), place))
    for rank, place in enumerate(largest):
        corrections[place] = sign * (whole + (rank < odd))
    return tuple(Money(minor, currency) for minor in corrections)
