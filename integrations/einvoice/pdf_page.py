"""Finding a value beside or below its label on the pages of a PDF."""

import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from agency.ports.readers import ReadValue
from integrations.einvoice import labels
from integrations.einvoice.pdf_cells import Cell

Read = Callable[[str], tuple[str, int] | None]
"""Reads a text into a value with how sure that is, in per cents; None when it is no such value."""

BESIDE: Final = 95
BELOW: Final = 88
GENERAL: Final = 85
_CONFLICT: Final = 50
_LINES_BELOW: Final = 3
_NEAR: Final = 400  # ten-thousandths of a page's height
# Labels that also head a column or begin a sentence: what they name is less sure.
_GENERAL: Final = frozenset(
    (
        *("datum", "date", "totaal", "total", "gesamt", "balance", "factuur", "invoice", "facture"),
        *("rechnung", "creditfactuur", "avoir", "gutschrift"),
    )
)


_CURRENCY: Final = re.compile(r"[\s:.()€]|EUR|euro|in\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Label:
    field: str
    start: int
    end: int
    words: str


class Sheet:
    """The cells of a document with the labels found in them."""

    def __init__(self, cells: Sequence[Cell]) -> None:
        self.cells = cells
        self.text = "\n".join(cell.text for cell in cells)
        self._rows: dict[int, list[Cell]] = defaultdict(list)
        for cell in cells:
            self._rows[cell.line].append(cell)
        self._labels = {id(cell): _labels(cell.text) for cell in cells}

    def cell_with(self, sign: str) -> Cell | None:
        """The first cell in which a sign stands."""
        return next((cell for cell in self.cells if sign in cell.text), None)

    def row(self, line: int) -> Sequence[Cell]:
        """The cells of a line, from the left."""
        return self._rows.get(line, ())

    def label_cells(self, field: str) -> Iterator[tuple[Cell, str]]:
        """The cells that are a field's label, or begin with it and a colon, with the text behind that."""
        for cell in self.cells:
            for at, label in enumerate(self._labels[id(cell)]):
                rest = cell.text[label.end :].strip()
                if label.field == field and label.start == 0 and (not rest or ":" in cell.text[: label.end]):
                    yield cell, self._behind(cell, at)

    def value(
        self, field: str, read: Read, *, last: bool = False, below: bool = True, alone_below: bool = False
    ) -> ReadValue | None:
        """This function will return the value that a field's labels point at; when the surest differ, unsure.

        :param last: of several take the last one, as sums stand at the end.
        :param below: also look below a label, not only beside it.
        :param alone_below: below a general label, such as "Factuur" as a title, nothing is looked for.
        """
        found = [
            candidate
            for cell in self.cells
            for at, label in enumerate(self._labels[id(cell)])
            if label.field == field
            for candidate in self._candidates(cell, at, label, read, below, alone_below)
        ]
        if not found:
            return None
        best = max(strength for strength, _ in found)
        surest = [value for strength, value in found if strength == best]
        chosen = surest[-1] if last else surest[0]
        if len({value.value for value in surest}) > 1 and not (last and best <= GENERAL):
            return ReadValue(chosen.value, chosen.page, chosen.box, _CONFLICT)
        return chosen

    def _candidates(
        self, cell: Cell, at: int, label: _Label, read: Read, below: bool, alone_below: bool
    ) -> Iterator[tuple[int, ReadValue]]:
        """The value of one label with the label's strength."""
        general = label.words in _GENERAL
        behind = self._behind(cell, at)
        if value := read(behind) if behind else None:
            yield _value(value, cell, GENERAL if general else BESIDE)
            return
        # A label with other words behind it is part of a sentence or of a longer name.
        if _CURRENCY.sub("", cell.text[label.end :]):
            return
        for place in self._beside(cell):
            if value := read(place.text.lstrip(":. ")):
                yield _value(value, place, GENERAL if general else BESIDE)
                return
        if below and not (general and alone_below):
            for under in self.under(cell):
                if value := read(under.text):
                    yield _value(value, under, GENERAL - 10 if general else BELOW)
                    return

    def _behind(self, cell: Cell, at: int) -> str:
        labels_here = self._labels[id(cell)]
        end = labels_here[at + 1].start if at + 1 < len(labels_here) else len(cell.text)
        return cell.text[labels_here[at].end : end].strip()

    def _beside(self, cell: Cell) -> Iterator[Cell]:
        """The cells to the right of a label, up to the next label."""
        for other in self._rows[cell.line]:
            if other.box[0] <= cell.box[0]:
                continue
            if any(label.start == 0 for label in self._labels[id(other)]):
                return
            yield other

    def under(self, cell: Cell) -> Iterator[Cell]:
        """The cells just below one, as long as they stand in its column."""
        floor = cell.box[3]
        for line in range(cell.line + 1, cell.line + 1 + _LINES_BELOW):
            for other in self._rows.get(line, ()):
                overlaps = other.box[0] < cell.box[2] and cell.box[0] < other.box[2]
                if other.page == cell.page and overlaps and other.box[1] - floor < _NEAR:
                    yield other
                    floor = other.box[3]


def _value(found: tuple[str, int], cell: Cell, strength: int) -> tuple[int, ReadValue]:
    value, sure = found
    return strength, ReadValue(value, cell.page, cell.box, min(strength, sure))


def _labels(text: str) -> list[_Label]:
    """The labels in a text from the left; where two overlap, the longer one."""
    found = [
        _Label(field, match.start(), match.end(), match[0].strip(" :.").casefold())
        for field in labels.LABELS
        for match in labels.label(field).finditer(text)
    ]
    chosen: list[_Label] = []
    for label in sorted(found, key=lambda label: label.start - label.end):
        if all(label.end <= other.start or label.start >= other.end for other in chosen):
            chosen.append(label)
    return sorted(chosen, key=lambda label: label.start)
