"""What an export puts between the rows of a table: totals, headings of groups, lines of each page."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from agency.intake.amount_columns import Computed, find_computed
from agency.intake.cells import as_line, is_blank, is_number, says_total
from agency.intake.grouped import (
    NAME_ABOVE,
    Grouped,
    carry_down,
    carry_name,
    find_groups,
    find_merged,
    is_heading,
    is_item,
    is_repeated,
)
from agency.intake.headers import known_field
from agency.intake.name_columns import JOINED, WORKED_OUT, find_name
from agency.intake.summed_groups import SummedGroups, find_summed
from agency.intake.table import Cell, Row

_PAGE: Final = re.compile(
    r"(?:.*\s)?(?:pagina|pag\.?|page|blad|seite)\s*:?\s*\d+(?:\s*(?:van|of|de|von|sur|/)\s*\d+)?",
    re.IGNORECASE,
)
_RULE: Final = re.compile(r"[-=_+|\s]+")
_AGE: Final = re.compile(
    r"(?:[<>] ?)?\d+ ?(?:[-–+]|or|to|en|tot|et|à|bis|und|of)?.{0,12}?(?:days?|dagen|jours|tage?)\b.{0,24}"
    r"|current|(?:nog )?niet vervallen|non échue?s?|nicht fällig",
    re.IGNORECASE,
)
_KNOWN_MIN: Final = 2
_NUMERALS: Final = re.compile(r"\d+")


@dataclass(frozen=True)
class Arrangement:
    """How the rows below the headers stand.

    :param names: the headers as they stand in the file; empty where it has none.
    :param lines: the lines above them, their figures made 0: each page may say them again.
    :param merged: the column of names that stands only on the first row of each debtor.
    """

    width: int
    names: tuple[str, ...]
    lines: frozenset[str]
    grouped: Grouped | SummedGroups | None
    computed: tuple[Computed, ...]
    merged: int | None = None

    @property
    def in_front(self) -> tuple[str, ...]:
        """The headers of what is added to each row."""
        added = self.grouped.headers if self.grouped else (NAME_ABOVE,) * (self.merged is not None)
        return (*(one.header for one in self.computed), *added)

    def rows(self, rows: Iterable[Row], left_out: list[int]) -> Iterator[Row]:
        """The rows that may be claims, with what is added to them; the numbers of others are noted."""
        rows = self._without_pages(rows, left_out) if self.names else rows
        if isinstance(self.grouped, SummedGroups):
            rows = self.grouped.carry_down(rows, left_out)
        elif self.grouped is not None:
            rows = carry_down(rows, self.grouped, left_out)
        else:
            rows = _without_totals(rows, self.width, left_out)
        if self.merged is not None:
            rows = carry_name(rows, self.merged)
        return self._with_computed(rows) if self.computed else rows

    def _with_computed(self, rows: Iterable[Row]) -> Iterator[Row]:
        added = len(self.in_front) - len(self.computed)
        for number, cells in rows:
            own = cells[added:]
            yield number, [*(one.of(own) for one in self.computed), *cells]

    def _without_pages(self, rows: Iterable[Row], left_out: list[int]) -> Iterator[Row]:
        first = self.names[0]
        for number, cells in rows:
            # Most rows are told from a page's lines by one look at a cell or two.
            start = cells[0]
            ruled = isinstance(start, str) and start[:1] in "-=_"
            doubtful = ruled or not start or len(cells) < 2 or not cells[1] or start == first
            if doubtful and self.is_of_the_page(cells):
                left_out.append(number)
                continue
            yield number, cells

    def is_of_the_page(self, cells: Sequence[Cell]) -> bool:
        """Whether a row is the headers or a line above them once more, or a rule drawn with dashes."""
        if is_repeated(cells, self.names):
            return True
        line = as_line(cells)
        return bool(_PAGE.fullmatch(line) or _RULE.fullmatch(line)) or _NUMERALS.sub("0", line) in self.lines


def arrange(
    headers: tuple[str, ...],
    names: Sequence[str],
    preamble: Sequence[Sequence[Cell]],
    rows: Sequence[Sequence[Cell]],
) -> Arrangement:
    """This function will find by the first rows how those of a table stand.

    :param headers: the table's own, all distinct; `names` as they stand in the file, none where it has none.
    """
    if not names:
        return Arrangement(len(headers), (), frozenset(), None, ())
    repeated = [at for at, cells in enumerate(rows) if is_repeated(cells, names)]
    # Where every group has headers of its own, the first group's heading stands above the first of them.
    above = preamble[-1] if preamble else ()
    repeats = bool(preamble) and any(
        at and is_heading(rows[at - 1]) and as_line(rows[at - 1]) != as_line(above) for at in repeated
    )
    lines = frozenset(_NUMERALS.sub("0", as_line(cells)) for cells in preamble[: -1 if repeats else None])
    bare = Arrangement(len(headers), tuple(names), lines, None, ())
    plain = [cells for cells in rows if not bare.is_of_the_page(cells)]
    grouped: Grouped | SummedGroups | None = None
    if NAME_ABOVE not in headers and len({known_field(name) for name in names} - {None}) >= _KNOWN_MIN:
        grouped = find_groups(headers, plain, above=above if repeats else ()) or find_summed(headers, plain)
    items = [cells for cells in plain if is_item(cells)] if grouped else plain
    computed: list[Computed | None] = []
    if not WORKED_OUT & set(headers):
        computed = [find_computed(headers, items), None if grouped else find_name(headers, items)]
    found = tuple(one for one in computed if one)
    joined = any(one.header == JOINED for one in found)
    merged = None if grouped or joined or NAME_ABOVE in headers else find_merged(headers, plain)
    return Arrangement(len(headers), tuple(names), lines, grouped, found, merged)


def _without_totals(rows: Iterable[Row], width: int, left_out: list[int]) -> Iterator[Row]:
    for number, cells in rows:
        if len(cells) > 1 and not cells[1] and _heads_an_age(cells):
            left_out.append(number)
            continue
        # Most rows begin with something else than a word for a total.
        start = cells[0] if cells else None
        other = isinstance(start, str) and not is_blank(start) and not says_total(start)
        if not other and ("" in cells or None in cells or len(cells) < width) and _is_total(cells):
            left_out.append(number)
            continue
        yield number, cells


def _heads_an_age(cells: Sequence[Cell]) -> bool:
    """A row that says nothing but how long the invoices below it are overdue: "31 - 60 days past due"."""
    filled = [cell for cell in cells if not is_blank(cell)]
    return len(filled) == 1 and isinstance(filled[0], str) and bool(_AGE.fullmatch(filled[0].strip()))


def _is_total(cells: Sequence[Cell]) -> bool:
    """A row that says "total" first and holds nothing but numbers besides."""
    filled = (cell for cell in cells if not is_blank(cell))
    first = next(filled, None)
    if not says_total(first):
        return False
    rest = list(filled)
    return bool(rest) and all(is_number(cell) or cell in ("EUR", "€") for cell in rest)
