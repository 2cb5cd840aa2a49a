"""Reading a PDF: its words with their places, what may be handwriting, and pictures of its pages."""

import ctypes
import io
from typing import Any, Final

import pypdfium2
import pypdfium2.raw as pdfium

PAGES_MAX: Final = 60
SIGNS_MAX: Final = 300_000
MARKS_MAX: Final = 40
OBJECTS_MAX: Final = 20_000
WHOLE: Final = 10_000
PICTURE_LENGTH: Final = 1600
PRINTED_LENGTH: Final = 2400  # of an A4 page about two hundred dots an inch
_QUALITY: Final = 80
# A drawn line or box has few segments; a signature drawn with a pen has many curves.
CURVES_OF_HANDWRITING: Final = 12
LINE: Final = 60  # ten-thousandths of a page's height that words on one line may differ

Place = list[int]


def read(content: bytes) -> dict[str, Any]:
    """This function will read a PDF: state, pages with words and marks, and signature fields."""
    try:
        document = pypdfium2.PdfDocument(content)
    except pypdfium2.PdfiumError as failure:
        return {"state": "password" if "assword" in str(failure) else "broken"}
    count = len(document)
    pages, signs, inked = [], 0, False
    for index in range(min(count, PAGES_MAX)):
        if signs > SIGNS_MAX:
            break
        page, read_signs, has_ink = _page(document, index)
        signs, inked = signs + read_signs, inked or has_ink
        pages.append(page)
    signatures = max(0, pdfium.FPDF_GetSignatureCount(document.raw))
    return {
        "state": "read" if signs else "no_text" if inked else "blank",
        "pages": pages,
        "page_count": count,
        "signature_fields": signatures,
    }


def picture(content: bytes, *, page: int) -> bytes:
    """This function will draw one page (from 1) as a PNG, without forms, scripts or links.

    :raises IndexError: there is no such page.
    """
    return _drawn(content, page, PICTURE_LENGTH, "PNG")


def printed(content: bytes, *, page: int) -> bytes:
    """This function will draw one page (from 1) as a JPEG that is fine enough to be printed.

    :raises IndexError: there is no such page.
    """
    return _drawn(content, page, PRINTED_LENGTH, "JPEG", quality=_QUALITY)


def _drawn(content: bytes, page: int, length: int, form: str, **options: Any) -> bytes:
    document = pypdfium2.PdfDocument(content)
    if not 1 <= page <= len(document):
        raise IndexError(page)
    sheet = document[page - 1]
    width, height = sheet.get_size()
    image = sheet.render(scale=length / max(width, height, 1), may_draw_forms=False).to_pil()
    out = io.BytesIO()
    image.convert("RGB").save(out, form, **options)
    return out.getvalue()


def _page(document: Any, index: int) -> tuple[dict[str, Any], int, bool]:
    sheet = document[index]
    width, height = sheet.get_size()
    text = sheet.get_textpage()
    words = _lines(_words(sheet, text))
    marks, inked = _marks(sheet)
    page = {
        "number": index + 1,
        "width": max(1, round(width)),
        "height": max(1, round(height)),
        "words": words,
        "marks": marks,
    }
    return page, sum(len(word[0]) for word in words), inked


def _words(sheet: Any, text: Any) -> list[tuple[str, Place]]:
    """Signs between blanks, with the box around them."""
    raw, found = text.raw, []
    word, first, last = "", 0, 0
    for index in range(min(text.count_chars(), SIGNS_MAX) + 1):
        code = pdfium.FPDFText_GetUnicode(raw, index) if index < text.count_chars() else 32
        sign = chr(code) if code < 0x110000 and not 0xD800 <= code <= 0xDFFF else " "
        if sign.isspace() or code == 0:
            if word:
                found.append((word, _around(sheet, text, first, last)))
            word = ""
        elif sign.isprintable():
            first, last = (index if not word else first), index
            word += sign
    return [(word, box) for word, box in found if box[2] > box[0] and box[3] > box[1]]


def _around(sheet: Any, text: Any, first: int, last: int) -> Place:
    boxes = [text.get_charbox(index) for index in ({first, last} if last - first < 40 else (first, last))]
    left, bottom = min(box[0] for box in boxes), min(box[1] for box in boxes)
    right, top = max(box[2] for box in boxes), max(box[3] for box in boxes)
    return _shown(sheet, left, bottom, right, top)


def _shown(sheet: Any, left: Any, bottom: Any, right: Any, top: Any) -> Place:
    """Return a box of the page's own coordinates as parts of the page as it is shown, rotation included."""
    corners = []
    for x, y in ((left, bottom), (right, top)):
        across, down = ctypes.c_int(), ctypes.c_int()
        pdfium.FPDF_PageToDevice(
            sheet.raw, 0, 0, WHOLE, WHOLE, 0, x, y, ctypes.byref(across), ctypes.byref(down)
        )
        corners.append((across.value, down.value))
    (x0, y0), (x1, y1) = corners
    edges = (min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1))
    return [min(max(edge, 0), WHOLE) for edge in edges]


def _lines(words: list[tuple[str, Place]]) -> list[list[Any]]:
    """Number the lines from the top, the words of a line from the left."""
    ordered = sorted(words, key=lambda word: (word[1][1] + word[1][3]) // 2)
    lines: list[list[tuple[str, Place]]] = []
    middle = -WHOLE
    for word in ordered:
        own = (word[1][1] + word[1][3]) // 2
        if own - middle > LINE or not lines:
            lines.append([])
            middle = own
        lines[-1].append(word)
    return [
        [text, number, *box]
        for number, line in enumerate(lines)
        for text, box in sorted(line, key=lambda word: word[1][0])
    ]


def _marks(sheet: Any) -> tuple[list[Place], bool]:
    """The places of images and curved drawings that are no background; and whether anything is drawn."""
    marks: list[Place] = []
    # What stands in a form's fields is no text of the page, but it is something.
    inked = pdfium.FPDFPage_GetAnnotCount(sheet.raw) > 0
    for count, thing in enumerate(sheet.get_objects(max_depth=4)):
        if count >= OBJECTS_MAX or len(marks) >= MARKS_MAX:
            break
        inked = True
        if thing.type == pdfium.FPDF_PAGEOBJ_IMAGE or (
            thing.type == pdfium.FPDF_PAGEOBJ_PATH
            and pdfium.FPDFPath_CountSegments(thing.raw) >= CURVES_OF_HANDWRITING
        ):
            try:
                box = _shown(sheet, *thing.get_bounds())
            except pypdfium2.PdfiumError:
                continue
            if 0 < (box[2] - box[0]) * (box[3] - box[1]) < WHOLE * WHOLE // 4:
                marks.append(box)
    return marks, inked
