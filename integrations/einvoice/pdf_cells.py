"""What stands on the pages of a PDF: pieces of text, each with its place, in reading order."""

import ctypes
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import pypdfium2
import pypdfium2.raw as pdfium

from agency.ports.readers import Box, Unreadable
from integrations.pdfium import ONE_AT_A_TIME

PAGES_READ: Final = 10
SIGNS_MAX: Final = 60_000
WHOLE: Final = 10_000
_PICTURE_LENGTH: Final = 1_400
# Ten-thousandths of a page's height by which words of one line may differ.
_LINE: Final = 60


@dataclass(frozen=True, slots=True)
class Cell:
    """Words that stand together on one line. `line` counts from the top of the first page."""

    text: str
    page: int
    line: int
    box: Box


@dataclass(frozen=True, slots=True)
class _Word:
    text: str
    box: Box


def read_cells(content: bytes) -> Sequence[Cell]:
    """This function will return the text of a PDF's first pages in cells; empty for a scan.

    :raises Unreadable: the PDF is damaged or locked.
    """
    with ONE_AT_A_TIME:
        try:
            document = pypdfium2.PdfDocument(content)
            try:
                return list(_cells(document))
            finally:
                document.close()
        except pypdfium2.PdfiumError as error:
            if "assword" in str(error):
                raise Unreadable("the PDF is locked with a password") from error
            raise Unreadable("the PDF is damaged: no page of it can be read") from error


def _cells(document: Any) -> Iterator[Cell]:
    line, signs = 0, 0
    for index in range(min(len(document), PAGES_READ)):
        page = document[index]
        width, height = (max(1, round(size)) for size in page.get_size())
        words = list(_words(page, SIGNS_MAX - signs))
        signs += sum(len(word.text) for word in words)
        for row in _rows(words):
            for text, box in _together(row, width, height):
                yield Cell(text, index + 1, line, box)
            line += 1
        if signs >= SIGNS_MAX:
            return


def _words(page: Any, most: int) -> Iterator[_Word]:
    """Signs between blanks, each word with the box around its first and last sign."""
    text = page.get_textpage()
    count = min(text.count_chars(), max(most, 0))
    word, first = "", 0
    for index in range(count + 1):
        code = pdfium.FPDFText_GetUnicode(text.raw, index) if index < count else 32
        sign = chr(code) if 0 < code < 0x110000 and not 0xD800 <= code <= 0xDFFF else " "
        if not sign.isspace():
            first = first if word else index
            word += sign if sign.isprintable() else ""
        elif word:
            box = _around(page, text, first, index - 1)
            if box[2] > box[0] and box[3] > box[1]:
                yield _Word(word, box)
            word = ""


def _around(page: Any, text: Any, first: int, last: int) -> Box:
    boxes = [text.get_charbox(index) for index in {first, last}]
    corners = []
    for x, y in (
        (min(box[0] for box in boxes), min(box[1] for box in boxes)),
        (max(box[2] for box in boxes), max(box[3] for box in boxes)),
    ):
        across, down = ctypes.c_int(), ctypes.c_int()
        pdfium.FPDF_PageToDevice(
            page.raw, 0, 0, WHOLE, WHOLE, 0, x, y, ctypes.byref(across), ctypes.byref(down)
        )
        corners.append((min(max(across.value, 0), WHOLE), min(max(down.value, 0), WHOLE)))
    (x0, y0), (x1, y1) = corners
    return min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1)


def _rows(words: Sequence[_Word]) -> list[list[_Word]]:
    rows: list[list[_Word]] = []
    middle = -WHOLE
    for word in sorted(words, key=lambda word: word.box[1] + word.box[3]):
        own = (word.box[1] + word.box[3]) // 2
        if own - middle > _LINE:
            rows.append([])
            middle = own
        rows[-1].append(word)
    return [sorted(row, key=lambda word: word.box[0]) for row in rows]


def _together(row: Sequence[_Word], width: int, height: int) -> Iterator[tuple[str, Box]]:
    """Join words until a gap that is wider than the text is high."""
    text, box = row[0].text, row[0].box
    for word in row[1:]:
        gap = (word.box[0] - box[2]) * width
        high = max(word.box[3] - word.box[1], box[3] - box[1], 80) * height
        if gap * 10 > high * 12:
            yield text, box
            text, box = word.text, word.box
            continue
        text = f"{text} {word.text}"
        box = box[0], min(box[1], word.box[1]), max(box[2], word.box[2]), max(box[3], word.box[3])
    yield text, box


def draw_page(content: bytes, number: int) -> bytes | None:
    """This function will draw one page (from 1) as a PNG without forms, scripts or links; None: no such page.

    :raises Unreadable: the PDF is damaged or locked.
    """
    with ONE_AT_A_TIME:
        try:
            document = pypdfium2.PdfDocument(content)
            try:
                if not 1 <= number <= len(document):
                    return None
                page = document[number - 1]
                longest = max(*page.get_size(), 1)
                out = io.BytesIO()
                page.render(scale=_PICTURE_LENGTH / longest, may_draw_forms=False).to_pil().save(out, "PNG")
                return out.getvalue()
            finally:
                document.close()
        except pypdfium2.PdfiumError as error:
            raise Unreadable("the PDF is damaged: no page of it can be drawn") from error
