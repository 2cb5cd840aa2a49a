"""Open-items lists in which a debtor's heading holds the sum of the invoices below it, as in ageing reports.

A heading is told from an invoice by its missing date, and believed only when its sum is that of its invoices.
"""

from bisect import insort
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from agency.intake.amounts import DecimalSign, NotUnderstood, parse_amount
from agency.intake.cells import is_blank, is_day, is_number, is_value, says_balance
from agency.intake.grouped import NAME_ABOVE, NUMBER_ABOVE, debtor_of, is_total, names_itself
from agency.intake.table import Cell, Row

_INVOICES_MIN: Final = 2
_SIGNS: Final[tuple[DecimalSign, ...]] = (",", ".")
Cells = Sequence[Cell]


@dataclass(frozen=True)
class SummedGroups:
    """How the groups of a list are read; `at` is the column whose sums the headings hold."""

    at: int

    @property
    def headers(self) -> tuple[str, ...]:
        """The headers of the columns in front."""
        return NUMBER_ABOVE, NAME_ABOVE

    def carry_down(self, rows: Iterable[Row], left_out: list[int]) -> Iterator[Row]:
        """This function will return the invoices of a list with the debtor of their heading; headings and
        totals are left out and noted.

        What stands below a heading that is not its sum has no debtor, and is refused rather than claimed.
        """
        heading: Row | None = None
        group: list[Row] = []
        for number, cells in rows:
            if is_total(cells):
                insort(left_out, number)
            elif is_summed(cells):
                yield from self._group(heading, group, left_out)
                heading, group = (number, cells), []
            else:
                group.append((number, cells))
        yield from self._group(heading, group, left_out)

    def _group(self, heading: Row | None, group: Sequence[Row], left_out: list[int]) -> Iterator[Row]:
        if heading is None or not _adds_up(heading[1], [cells for _, cells in group], self.at):
            known: Sequence[str] = ("", "")
            group = [*((heading,) if heading else ()), *group]
        else:
            known = debtor_of(_words(heading[1]))
            insort(left_out, heading[0])
        for number, cells in group:
            yield number, [*known, *cells]


def find_summed(headers: Sequence[str], rows: Sequence[Cells]) -> SummedGroups | None:
    """This function will tell whether a list stands in such groups, from its first rows: half of them add up
    or more; each is looked at again when it is read."""
    plain = [cells for cells in rows if not is_total(cells)]
    starts = [at for at, cells in enumerate(plain) if is_summed(cells)]
    items = [cells for cells in plain if any(map(is_day, cells))]
    if not items or not starts or starts[0] > 0 or names_itself(headers, items):
        return None
    ends = [*starts[1:], len(plain)]
    groups = [(plain[start], plain[start + 1 : end]) for start, end in zip(starts, ends, strict=True)]
    for at in range(len(headers) - 1, -1, -1):
        telling = [group for group in groups if at < len(group[0]) and _is_something(group[0][at])]
        good = [below for heading, below in telling if below and _adds_up(heading, below, at)]
        # One invoice of as much as the row above it may be chance.
        if len(good) * 2 >= len(groups) and sum(map(len, good)) >= _INVOICES_MIN:
            return SummedGroups(at)
    return None


def is_summed(cells: Cells) -> bool:
    """This function will tell a heading with amounts: words first, then numbers, and no date."""
    filled = [cell for cell in cells if not is_blank(cell)]
    if len(filled) < 2 or any(map(is_day, filled)) or is_total(cells):
        return False
    name = debtor_of(_words(cells))[1]
    return bool(name) and not says_balance(name) and is_number(filled[-1])


def _words(cells: Cells) -> list[Cell]:
    """What stands before the amounts of a heading."""
    filled = [cell for cell in cells if not is_blank(cell)]
    last = max(
        (at for at, cell in enumerate(filled) if isinstance(cell, str) and not is_number(cell)), default=-1
    )
    return [cell for cell in filled[: last + 1] if not (isinstance(cell, str) and is_value(cell))]


def _adds_up(heading: Cells, below: Sequence[Cells], at: int) -> bool:
    return any(
        _is_sum(_read(heading, at, sign), [_read(cells, at, sign) for cells in below]) for sign in _SIGNS
    )


def _is_sum(total: Decimal | None, parts: Sequence[Decimal | None]) -> bool:
    known = [part for part in parts if part is not None]
    return total is not None and len(known) == len(parts) and sum(known, Decimal(0)) == total


def _read(cells: Cells, at: int, sign: DecimalSign) -> Decimal | None:
    """An amount, nothing as zero, None for what is no amount."""
    cell = cells[at] if at < len(cells) else None
    if is_blank(cell):
        return Decimal(0)
    if isinstance(cell, Decimal):
        return cell.quantize(Decimal("0.0001"))
    try:
        return parse_amount(str(cell), decimal_sign=sign)
    except NotUnderstood:
        return None


def _is_something(cell: Cell) -> bool:
    return is_number(cell) and bool(str(cell).strip(" 0.,-€\u00a0"))
