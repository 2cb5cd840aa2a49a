"""Open-items lists in groups: a debtor's heading, its invoices, their subtotal, and the page's headers again.

The heading's debtor is carried down to each of its invoices, into the columns in which it stands when these
are empty there, else into columns of their own in front.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise
from statistics import median
from typing import Final

from agency.intake.cells import is_blank, is_day, is_value, says_total
from agency.intake.headers import folded, known_field
from agency.intake.table import Cell, Row

NAME_ABOVE: Final = "debtor above"
NUMBER_ABOVE: Final = "debtor number above"
_HEADING_CELLS_MAX: Final = 6
_NAMED_AT_MOST: Final = 75  # per cent of the rows, where names stand only on the first of several
_DIGITS_MIN: Final = 3
_MOST: Final = 80  # per cent of the rows that must be explained, or the list is not in groups
_LABEL: Final = re.compile(
    r"(?:naam\s+|(?:n°|nr\.?|num[ée]ro|code)\s*(?:d[eu]\s+)?)?"
    r"(?:debiteur|klant|relatie|customer|client|debtor|debitor|account|kunde|konto|compte|tiers|afnemer)"
    r"-?(?:nummer|nr|code|naam)?\.?(?:\s*(?:name|no|n°|number))?\s*[:.\-]?\s+|^naam\s*:\s*|^nom\s*:\s*",
    re.IGNORECASE,
)
_NAME_LABEL: Final = re.compile(r"\s*(?:naam|name|nom)(?: ?1)?\s*:?\s+", re.IGNORECASE)
_CONTINUED: Final = re.compile(
    r"\s*[(\[](?:vervolg|continued|cont\.?|suite|fortsetzung)[)\]]\s*$", re.IGNORECASE
)
_SUM_BEHIND: Final = re.compile(
    r"\s*(?:[-–:,|]|\s[(\[])\s*(?:sub-?)?(?:totaa?l|saldo|open(?:staand)?|solde|summe|balance|outstanding)"
    r"\b[^\d]{0,20}\d[\d.,' ]*(?:EUR|€|CR|DR|[DC])?[)\]]?\s*$",
    re.IGNORECASE,
)
_NUMBER: Final = re.compile(r"[A-Z]{0,4}[.\-/]?\d[\w.\-/]*", re.IGNORECASE | re.ASCII)
_NUMBER_BEHIND: Final = re.compile(
    r"(.*\S)\s*[(\[]([A-Z]{0,4}[.\-/]?\d[\w.\-/]*)[)\]]", re.IGNORECASE | re.ASCII
)
_WORDY: Final = re.compile(r"[^\W\d_]{2}")


@dataclass(frozen=True)
class Grouped:
    """How the groups of a list are read.

    :param into: the columns that a heading fills for its rows; none when it gets columns of its own.
    :param first: the heading of the first row, where it stands above the headers.
    :param starts: the columns in which a heading may begin; `numbered` when each says a debtor's number, and
        `closed` when each but the first follows a total, `unnamed` when the name stands on a line below.
    """

    into: tuple[int, ...]
    first: Sequence[Cell]
    starts: frozenset[int]
    numbered: bool
    closed: bool
    unnamed: bool

    @property
    def headers(self) -> tuple[str, ...]:
        """The headers of the columns in front."""
        return () if self.into else (NUMBER_ABOVE, NAME_ABOVE)

    def is_ours(self, cells: Sequence[Cell], *, after_total: bool) -> bool:
        """Whether words are a heading like the others, not a remark between the invoices of one debtor."""
        number, name = debtor_of(cells)
        return (
            _begins(cells) in self.starts
            and bool(number if self.unnamed else name)
            and (bool(number) or not self.numbered)
            and (after_total or not self.closed)
        )


def find_groups(
    headers: Sequence[str],
    rows: Sequence[Sequence[Cell]],
    *,
    above: Sequence[Cell],
) -> Grouped | None:
    """This function will tell whether a list stands in groups, from its first rows.

    It does when nearly all that is no invoice and no total is words right above invoices, from the first row
    on, and no invoice says its debtor.

    :param above: the last line above the headers: the first heading where every group has headers.
    """
    first: Sequence[Cell] = above if is_heading(above) else ()
    items = [at for at, cells in enumerate(rows) if is_item(cells)]
    words = [at for at, cells in enumerate(rows) if is_heading(cells) and not is_item(cells)]
    above_items = [at for at in words if at + 1 < len(rows) and is_item(rows[at + 1])]
    # Lines of an address may stand between a name and its invoices: the first line of a run is the name.
    starts = [at for at in words if at - 1 not in words and any(at <= end for end in above_items)]
    if not items or not starts:
        return None
    later = starts if first else starts[1:]
    after_totals = [at > 0 and is_total(rows[at - 1]) for at in later]
    numbered = [bool(debtor_of(rows[at])[0]) for at in starts]
    # With an address behind the name, a heading is as wide as an invoice: then all else must say what it is.
    plain = bool(later) and all(after_totals) and all(numbered)
    if not plain and not _sparser([rows[at] for at in starts], [rows[at] for at in items]):
        return None
    if len(above_items) * 100 < len(starts) * _MOST:
        return None
    if (not first and starts[0] > items[0]) or names_itself(headers, [rows[at] for at in items]):
        return None
    return Grouped(
        into=()
        if first
        else _columns_filled(headers, [rows[at] for at in starts], [rows[at] for at in items]),
        first=first,
        starts=frozenset(_begins(rows[at]) for at in starts) | ({_begins(first)} if first else set()),
        numbered=_most(numbered),
        closed=bool(later) and _most(after_totals),
        unnamed=_most(not debtor_of(rows[at])[1] for at in starts),
    )


def _sparser(headings: Sequence[Sequence[Cell]], items: Sequence[Sequence[Cell]]) -> bool:
    """Whether headings hold fewer cells than invoices do."""
    few, many = (median(sum(not is_blank(c) for c in cells) for cells in rows) for rows in (headings, items))
    return few < many


def _most(told: Iterable[bool]) -> bool:
    answers = list(told)
    return sum(answers) * 100 >= len(answers) * _MOST


def _columns_filled(
    headers: Sequence[str], headings: Sequence[Sequence[Cell]], items: Sequence[Sequence[Cell]]
) -> tuple[int, ...]:
    """The columns that headings fill and invoices never do, when the debtor's name is among them."""
    used = {at for cells in items for at, cell in enumerate(cells) if not is_blank(cell)}
    filled = {at for cells in headings for at, cell in enumerate(cells) if not is_blank(cell)}
    named = any(at < len(headers) and known_field(headers[at]) == "debtor_name" for at in filled)
    return tuple(sorted(filled)) if named and not filled & used else ()


def names_itself(headers: Sequence[str], items: Sequence[Sequence[Cell]]) -> bool:
    """This function will tell whether rows hold their debtor's name: then words between them are remarks, not
    headings."""
    at = [place for place, header in enumerate(headers) if known_field(header) == "debtor_name"]
    telling = sum(any(place < len(cells) and not is_blank(cells[place]) for place in at) for cells in items)
    return telling * 2 > len(items)


def carry_down(rows: Iterable[Row], grouped: Grouped, left_out: list[int]) -> Iterator[Row]:
    """This function will return the invoices of a list with the debtor of their heading; headings and
    subtotals are left out and noted.

    Words that are no heading like the others may be one all the same: what follows them has no debtor until
    the next heading, and is refused rather than claimed from the wrong one.
    """
    heading, in_heading, after_total = grouped.first, False, True
    for number, cells in rows:
        if is_total(cells):
            left_out.append(number)
            in_heading, after_total = False, True
            continue
        if is_heading(cells) and not is_item(cells):
            if not in_heading and not grouped.is_ours(cells, after_total=after_total):
                heading = ()
                yield number, _with_debtor(cells, (), grouped)
                continue
            # The name may stand on the line below the number.
            unnamed = in_heading and not debtor_of(heading)[1]
            heading = [*heading, *_without_label(cells)] if unnamed else heading if in_heading else cells
            in_heading = True
            left_out.append(number)
            continue
        in_heading = after_total = False
        yield number, _with_debtor(cells, heading, grouped)


def _without_label(cells: Sequence[Cell]) -> list[Cell]:
    """The cells of a line below the one that says a debtor's number."""
    return [_NAME_LABEL.sub("", cell, count=1) if isinstance(cell, str) else cell for cell in cells]


def _with_debtor(cells: Sequence[Cell], heading: Sequence[Cell], grouped: Grouped) -> Sequence[Cell]:
    if not grouped.into:
        return [*debtor_of(heading), *cells]
    filled = list(cells)
    for at in grouped.into:
        if at < len(filled) and at < len(heading) and is_blank(filled[at]):
            filled[at] = heading[at]
    return filled


def find_merged(headers: Sequence[str], rows: Sequence[Sequence[Cell]]) -> int | None:
    """This function will tell whether a debtor's name stands only on the first of its rows, and in which
    column: no name stands on two rows in a row, and many rows have none, nor a number of their debtor."""
    fields = [known_field(header) for header in headers]
    if fields.count("debtor_name") != 1:
        return None
    at = fields.index("debtor_name")
    items = [cells for cells in rows if is_item(cells) and len(cells) > at]
    names = [str(cells[at]).strip() for cells in items if not is_blank(cells[at])]
    if len(names) < 2 or is_blank(items[0][at]) or len(names) * 100 > len(items) * _NAMED_AT_MOST:
        return None
    numbers = [place for place, field in enumerate(fields) if field == "debtor_reference"]
    without = [cells for cells in items if is_blank(cells[at])]
    if any(place < len(cells) and not is_blank(cells[place]) for cells in without for place in numbers):
        return None
    return None if any(one == other for one, other in pairwise(names)) else at


def carry_name(rows: Iterable[Row], at: int) -> Iterator[Row]:
    """This function will put the name of its debtor in front of each row; which of the two columns counts is
    for the creditor to say."""
    name: Cell = ""
    for number, cells in rows:
        if at < len(cells) and not is_blank(cells[at]):
            name = cells[at]
        yield number, [name, *cells]


def debtor_of(heading: Sequence[Cell]) -> tuple[str, str]:
    """This function will return the number and the name that a heading says, each empty when it does not.

    `10001 Bakkerij Jansen`, `Debiteur: 10001 - Bakkerij Jansen`, `Bakkerij Jansen (10001)`, or in two cells.
    A sum behind it, as in `Bakkerij Jansen (10001) - totaal 150,00`, is no part of the name.
    """
    texts = [" ".join(str(cell).split()) for cell in heading if not is_blank(cell)]
    texts = [_LABEL.sub("", f"{text} ", count=1).strip(" :") for text in texts]
    texts = [_SUM_BEHIND.sub("", _CONTINUED.sub("", text)) for text in texts if text]
    number, name = "", ""
    for text in texts:
        if not number and _NUMBER.fullmatch(text):
            number = text
        elif not name and _WORDY.search(text) and "@" not in text:
            name = text
    if name and not number:
        number, name = _parted(name)
    return number, name


def _parted(text: str) -> tuple[str, str]:
    behind = _NUMBER_BEHIND.fullmatch(text)
    if behind:
        return behind[2], behind[1]
    first, _, rest = text.partition(" ")
    number, name = first.rstrip(":-"), rest.lstrip(" -–:")
    # "3 Suisses" is a name; a number has more digits, or a sign between it and the name.
    apart = sum(map(str.isdigit, number)) >= _DIGITS_MIN or number + name != first + rest
    return (number, name) if apart and _NUMBER.fullmatch(number) and _WORDY.search(name) else ("", text)


def is_repeated(cells: Sequence[Cell], names: Sequence[str]) -> bool:
    """This function will tell whether a row is the row of headers once more."""
    said = [folded(str(cell)) if not is_blank(cell) else "" for cell in cells]
    wanted = [folded(name) for name in names]
    return said[: len(wanted)] == wanted and not any(said[len(wanted) :])


def is_item(cells: Sequence[Cell]) -> bool:
    """This function will tell an invoice's row: two dates or amounts, or one beside two other cells."""
    filled = [cell for cell in cells if not is_blank(cell)]
    values = [cell for cell in filled if is_value(cell) and "@" not in str(cell)]
    telling = len(values) >= 2 or (len(filled) >= 3 and any(not _is_whole(cell) for cell in values))
    return telling and not is_total(cells)


def is_total(cells: Sequence[Cell]) -> bool:
    """This function will tell a total among groups: a word for it with an amount behind and no date, or
    nothing but amounts."""
    filled = [cell for cell in cells if not is_blank(cell)]
    if any(is_day(cell) for cell in filled):
        return False
    said = next((at for at, cell in enumerate(filled) if says_total(cell)), None)
    if said is None:
        return bool(filled) and all(is_value(cell) for cell in filled)
    return any(is_value(cell) for cell in filled[said + 1 :])


def is_heading(cells: Sequence[Cell]) -> bool:
    """This function will tell a row of a few words, with neither date nor amount."""
    filled = [cell for cell in cells if not is_blank(cell)]
    return (
        0 < len(filled) <= _HEADING_CELLS_MAX
        and any(isinstance(cell, str) and _WORDY.search(cell) for cell in filled)
        and all(_is_whole(cell) or "@" in str(cell) or not is_value(cell) for cell in filled)
    )


def _begins(cells: Sequence[Cell]) -> int:
    return next((at for at, cell in enumerate(cells) if not is_blank(cell)), -1)


def _is_whole(cell: Cell) -> bool:
    return isinstance(cell, Decimal) and cell == cell.to_integral_value()
