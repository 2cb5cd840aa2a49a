"""Amounts that an export spreads over columns: debit beside credit, a sign beside the amount, what was paid
beside what was invoiced, one column per age. They become one column in front of the file's own, so that all
that follows sees one amount.
"""

import re
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from agency.intake.amount_words import says
from agency.intake.amounts import DecimalSign, NotUnderstood, counts_cents, names_foreign, parse_amount
from agency.intake.cells import is_blank, is_number
from agency.intake.headers import folded, known_field
from agency.intake.table import Cell

NET: Final = "debit minus credit"
SIGNED: Final = "amount with its sign"
AGED: Final = "sum of the ageing columns"
LEFT: Final = "amount less what was paid"
COMPUTED: Final = frozenset({NET, SIGNED, AGED, LEFT})
"""Headers of columns that stand in no file: they are worked out again whenever one is read."""

_DEBIT: Final = re.compile(r"debet|debit|soll")
_CREDIT: Final = re.compile(r"credit|haben")
# "Debetnota", "Credit limit", "Debit date" hold something else than the two sides of the books.
_OTHER: Final = re.compile(r"limi|nr|no|num|nota|saldo|rating|code|dat|id$|term")
_PERSONS: Final = ("debiteur", "debitor", "crediteur", "creditor")
RUNNING: Final = frozenset({"saldo", "balance", "solde"})
_DAY: Final = r"(?:d|dgn|dagen|days|j|jours|t|tage|mnd|maand|maanden|months?|mois|monate?)?"
_AGE: Final = re.compile(
    rf"(?:vervallen|overdue|echu|de|a|over|boven|ouderdan|ouder|plusde|plus)*{_DAY}\d{{1,3}}{_DAY}(?:tot|to|a|bis)?"
    rf"(?:\d{{1,3}}{_DAY})?(?:plus|etplus|enouder|ouder|enmeer|andover|andolder|ormore|vervallen|overdue)?"
)
_DAYS_SAID: Final = re.compile(r"\d\D+\d|[<>+]|\d\s*[djtm]|over|boven|ouder|plus|meer|more", re.IGNORECASE)
_NOT_YET: Final = frozenset(
    ("nietvervallen", "nognietvervallen", "notdue", "notyetdue", "current", "nonechu", "aechoir", "lopend",
     "nichtfallig", "atdate", "opdatum", "aladate")
)  # fmt: skip
_OLDEST: Final = frozenset({"older", "ouder", "oudere", "plusancien", "plusanciens", "alter"})
_AGES_MAX: Final = 12
_NOISE: Final = Decimal("0.0001")  # of the binary fractions in a workbook
_SIGNS: Final[tuple[DecimalSign, ...]] = (",", ".")
_DEBIT_WORDS: Final = frozenset({"d", "dr", "deb", "debet", "debit", "s", "soll", "bij"})
_CREDIT_WORDS: Final = frozenset({"c", "cr", "cred", "credit", "h", "haben", "af"})
_SIDES: Final = re.compile(
    r"(?:d/?c|c/?d|s/?h|deb(?:et|it)?[ /\-]*cred(?:it)?|cred(?:it)?[ /\-]*deb(?:et|it)?|soll[ /\-]*haben"
    r"|af[ /\-]*bij|bij[ /\-]*af)(?:[ \-]*(?:indicator|code|aanduiding|kenmerk|kennzeichen))?",
    re.IGNORECASE,
)
"""What a column is called that says of each amount on which side of the books it stands."""


@dataclass(frozen=True)
class Computed:
    """A column that is worked out of others: its header, and how its cell follows from a row."""

    header: str
    of: Callable[[Sequence[Cell]], Cell]


def find_computed(headers: Sequence[str], sample: Sequence[Sequence[Cell]]) -> Computed | None:
    """This function will find whether the amounts of a table stand in several columns, and which way.

    :param sample: the first rows below the headers.
    """
    # What is worked out has a header of its own, which says neither the currency nor that it is in cents.
    headers = ["" if names_foreign(header) or counts_cents(header) else header for header in headers]
    pair = _debit_and_credit(headers)
    amounts = [
        at for at, header in enumerate(headers) if known_field(header) == "amount" and at not in (pair or ())
    ]
    if pair is not None and all(folded(headers[at]) in RUNNING for at in amounts):
        debit, credit = pair
        # Some packages write what stands in the credit column with a minus before it.
        minus = all(_is_minus(row[credit]) for row in sample if _holds(row, credit))
        return Computed(NET, lambda cells: _less(_cell(cells, debit), _cell(cells, credit), already=minus))
    sign = _sign_column(headers, sample)
    signed = _what_the_sign_is_of(headers, amounts)
    if sign is not None and signed is not None:
        return Computed(SIGNED, lambda cells: _signed(_cell(cells, signed), _cell(cells, sign)))
    ages = age_columns(headers)
    if not amounts and len(ages) >= 2 and _agrees_with_total(headers, sample, ages):
        return Computed(AGED, lambda cells: _sum([_cell(cells, at) for at in ages]))
    return _less_paid(headers, sample, amounts)


def _what_the_sign_is_of(headers: Sequence[str], amounts: Sequence[int]) -> int | None:
    """The one amount there is, or the one of several that says it is open, or the only total."""
    still_open = [at for at in amounts if says(headers[at]) == "open"]
    totals = [at for at, header in enumerate(headers) if known_field(header) == "total"]
    for found in (amounts, still_open, [] if amounts else totals):
        if len(found) == 1:
            return found[0]
    return None


def _less_paid(
    headers: Sequence[str], sample: Sequence[Sequence[Cell]], amounts: Sequence[int]
) -> Computed | None:
    """What is left of an amount where one column holds what was paid of it, and none what is still open."""
    invoiced = list(amounts) or [at for at, header in enumerate(headers) if known_field(header) == "total"]
    paid = [at for at, header in enumerate(headers) if says(header) == "paid" and _holds_amounts(sample, at)]
    is_open = any(says(header) == "open" or folded(header) in RUNNING for header in headers)
    if len(invoiced) != 1 or len(paid) != 1 or is_open:
        return None
    minus = all(_is_minus(row[paid[0]]) for row in sample if _holds(row, paid[0]))
    return Computed(
        LEFT, lambda cells: _less(_cell(cells, invoiced[0]), _cell(cells, paid[0]), already=minus)
    )


def _holds_amounts(sample: Sequence[Sequence[Cell]], at: int) -> bool:
    filled = [row[at] for row in sample if at < len(row) and not is_blank(row[at])]
    return bool(filled) and all(is_number(cell) for cell in filled)


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
    """The column that holds nothing but words for debit and credit: both of them, or one where its name says
    that it tells them apart, for the other may follow further on."""
    for at, header in enumerate(headers):
        words = {str(row[at]).strip().casefold().rstrip(".") for row in sample if _holds(row, at)}
        both = bool(words & _DEBIT_WORDS and words & _CREDIT_WORDS)
        if words and words <= _DEBIT_WORDS | _CREDIT_WORDS and (both or _SIDES.fullmatch(header.strip())):
            return at
    return None


def age_columns(headers: Sequence[str]) -> list[int]:
    """This function will return the places of columns called by days or months overdue: "0-30", "31 - 60
    dagen", "> 90", "2 Months", "Niet vervallen".
    """
    found, by_days = [], False
    for at, header in enumerate(headers):
        name = folded(header)
        says_days = bool(_DAYS_SAID.search(header) and _AGE.fullmatch(name))
        by_days |= says_days
        if says_days or name in _NOT_YET or (by_days and name in _OLDEST):
            found.append(at)
    return found if len(found) <= _AGES_MAX else []


def _agrees_with_total(headers: Sequence[str], sample: Sequence[Sequence[Cell]], ages: Sequence[int]) -> bool:
    """Whether the columns by age make up the total beside them, where it stands; else one was overlooked."""
    totals = [at for at, header in enumerate(headers) if known_field(header) == "total"]
    if len(totals) != 1:
        return True
    sums = (
        (_cell(row, totals[0]), _sum([_cell(row, at) for at in ages]))
        for row in sample
        if _holds(row, totals[0])
    )
    return all(_is_nothing(total) or _same(total, found) for total, found in sums)


def _same(one: Cell, other: Cell) -> bool:
    for sign in _SIGNS:
        with suppress(NotUnderstood):
            read = [
                cell if isinstance(cell, Decimal) else parse_amount(str(cell), decimal_sign=sign)
                for cell in (one, other)
            ]
            if abs(read[0] - read[1]) < _NOISE:
                return True
    return False


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
