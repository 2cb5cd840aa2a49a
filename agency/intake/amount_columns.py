"""Amounts that an export spreads over columns: debit beside credit, a sign beside the amount, one column per
age. They become one column in front of the file's own, so that all that follows sees one amount.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from agency.intake.headers import folded, known_field
from agency.intake.table import Cell

NET: Final = "debit minus credit"
SIGNED: Final = "amount with its sign"
AGED: Final = "sum of the ageing columns"
COMPUTED: Final = frozenset({NET, SIGNED, AGED})
"""Headers of columns that stand in no file: they are worked out again whenever one is read."""

_DEBIT: Final = re.compile(r"debet|debit|soll")
_CREDIT: Final = re.compile(r"credit|haben")
# "Debetnota", "Credit limit", "Debit date" hold something else than the two sides of the books.
_OTHER: Final = re.compile(r"limi|nr|no|num|nota|saldo|rating|code|dat|id$|term")
_PERSONS: Final = ("debiteur", "debitor", "crediteur", "creditor")
_RUNNING: Final = frozenset({"saldo", "balance", "solde"})
_DAY: Final = r"(?:d|dgn|dagen|days|j|jours|t|tage)?"
_AGE: Final = re.compile(
    rf"(?:vervallen|overdue|echu|de|a|over|boven|ouderdan|ouder|plusde|plus)*{_DAY}\d{{1,3}}{_DAY}(?:tot|to|a|bis)?"
    rf"(?:\d{{1,3}}{_DAY})?(?:plus|etplus|enouder|ouder|enmeer|andover|andolder|ormore|vervallen|overdue)?"
)
_DAYS_SAID: Final = re.compile(r"\d\D+\d|[<>+]|\d\s*[djt]|over|boven|ouder|plus|meer|more", re.IGNORECASE)
_NOT_YET: Final = frozenset(
    ("nietvervallen", "nognietvervallen", "notdue", "notyetdue", "current", "nonechu", "aechoir", "lopend",
     "nichtfallig")
)  # fmt: skip
_AGES_MAX: Final = 12
_DEBIT_WORDS: Final = frozenset({"d", "dr", "deb", "debet", "debit", "s", "soll"})
_CREDIT_WORDS: Final = frozenset({"c", "cr", "cred", "credit", "h", "haben"})


@dataclass(frozen=True)
class Computed:
    """A column that is worked out of others: its header, and how its cell follows from a row."""

    header: str
    of: Callable[[Sequence[Cell]], Cell]


def find_computed(headers: Sequence[str], sample: Sequence[Sequence[Cell]]) -> Computed | None:
    """This function will find whether the amounts of a table stand in several columns, and which way.

    :param sample: the first rows below the headers.
    """
    amounts = [at for at, header in enumerate(headers) if known_field(header) == "amount"]
    sign = _sign_column(headers, sample)
    if sign is not None and len(amounts) == 1:
        return Computed(SIGNED, lambda cells: _signed(_cell(cells, amounts[0]), _cell(cells, sign)))
    if all(folded(headers[at]) in _RUNNING for at in amounts):
        pair = _debit_and_credit(headers)
        if pair is not None:
            debit, credit = pair
            # Some packages write what stands in the credit column with a minus before it.
            minus = all(_is_minus(row[credit]) for row in sample if _holds(row, credit))
            return Computed(
                NET, lambda cells: _less(_cell(cells, debit), _cell(cells, credit), already=minus)
            )
    ages = _ages(headers)
    if not amounts and len(ages) >= 2:
        return Computed(AGED, lambda cells: _sum([_cell(cells, at) for at in ages]))
    return None


def _debit_and_credit(headers: Sequence[str]) -> tuple[int, int] | None:
    """The one column called debit and the one called credit; None where there are more or fewer."""
    sides = []
    for side, other in ((_DEBIT, _CREDIT), (_CREDIT, _DEBIT)):
        found = [
            at
            for at, name in enumerate(map(folded, headers))
            if side.search(name)
            and not other.search(name)
            and not name.startswith(_PERSONS)
            and not _OTHER.search(side.sub("", name))
        ]
        if len(found) != 1:
            return None
        sides.append(found[0])
    return sides[0], sides[1]


def _sign_column(headers: Sequence[str], sample: Sequence[Sequence[Cell]]) -> int | None:
    """The column that holds nothing but words for debit and credit, both of them."""
    for at in range(len(headers)):
        words = {str(row[at]).strip().casefold().rstrip(".") for row in sample if _holds(row, at)}
        if words & _DEBIT_WORDS and words & _CREDIT_WORDS and words <= _DEBIT_WORDS | _CREDIT_WORDS:
            return at
    return None


def _ages(headers: Sequence[str]) -> list[int]:
    """Columns called by days overdue: "0-30", "31 - 60 dagen", "> 90", "Niet vervallen"."""
    found = []
    for at, header in enumerate(headers):
        name = folded(header)
        if name in _NOT_YET or (_DAYS_SAID.search(header) and _AGE.fullmatch(name)):
            found.append(at)
    return found if len(found) <= _AGES_MAX else []


def _holds(row: Sequence[Cell], at: int) -> bool:
    return at < len(row) and bool(str("" if row[at] is None else row[at]).strip())


def _cell(cells: Sequence[Cell], at: int) -> Cell:
    return cells[at] if at < len(cells) else None


def _is_nothing(cell: Cell) -> bool:
    return cell is None or not str(cell).strip(" 0.,-€\u00a0")


def _is_minus(cell: Cell) -> bool:
    text = str(cell).strip()
    return _is_nothing(cell) or text.startswith(("-", "(", "−")) or text.endswith("-")


def _less(debit: Cell, credit: Cell, *, already: bool) -> Cell:
    if _is_nothing(credit):
        return _as_it_stands(debit)
    if already:
        return _sum([debit, credit])
    if isinstance(credit, Decimal):
        if isinstance(debit, Decimal):
            return debit - credit
        return -credit if _is_nothing(debit) else f"{debit} - {credit}"
    return f"{'0' if _is_nothing(debit) else str(debit).strip()} - {str(credit).strip()}"


def _signed(amount: Cell, sign: Cell) -> Cell:
    if str(sign or "").strip().casefold().rstrip(".") not in _CREDIT_WORDS or _is_nothing(amount):
        return _as_it_stands(amount)
    if isinstance(amount, Decimal):
        return -abs(amount)
    # What is written with a minus and called credit as well is one credit, not a debit.
    return str(amount).strip() if _is_minus(amount) else f"0 - {str(amount).strip()}"


def _sum(cells: Sequence[Cell]) -> Cell:
    filled = [cell for cell in cells if not _is_nothing(cell)]
    if len(filled) < 2:
        return _as_it_stands(filled[0] if filled else None)
    if all(isinstance(cell, Decimal) for cell in filled):
        return sum((cell for cell in filled if isinstance(cell, Decimal)), Decimal(0))
    return " + ".join(str(cell).strip() for cell in filled)


def _as_it_stands(cell: Cell) -> Cell:
    # A text at the front tells that a row comes from a text, whose missing cells are a fault.
    return "" if cell is None else cell
