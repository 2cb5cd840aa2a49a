"""Reading scans, where the optional part [ocr] is installed: `pytesseract` and the program `tesseract`."""

import importlib.util
import shutil
from collections.abc import Sequence

import pypdfium2

from agency.ports.readers import Scan
from integrations.einvoice.pdf_cells import PAGES_READ, WHOLE, Cell

_DOTS_PER_INCH = 200
LANGUAGES = "nld+fra+eng+deu"


def read_cells(content: bytes) -> Sequence[Cell]:
    """This function will recognise the text of a scan's pages.

    :raises Scan: the part [ocr] is not installed, or there is nothing to recognise.
    """
    if shutil.which("tesseract") is None or importlib.util.find_spec("pytesseract") is None:
        raise Scan(
            "the PDF is a scan without text;"
            " reading scans needs the optional part [ocr], which is not installed"
        )
    engine = importlib.import_module("pytesseract")
    document = pypdfium2.PdfDocument(content)
    cells: list[Cell] = []
    for index in range(min(len(document), PAGES_READ)):
        image = document[index].render(scale=_DOTS_PER_INCH / 72, may_draw_forms=False).to_pil()
        words = engine.image_to_data(image, lang=LANGUAGES, output_type=engine.Output.DICT, timeout=60)
        for at, text in enumerate(words["text"]):
            if text.strip():
                left, top = words["left"][at], words["top"][at]
                right, bottom = left + words["width"][at], top + words["height"][at]
                box = tuple(
                    edge * WHOLE // size
                    for edge, size in zip((left, top, right, bottom), (*image.size, *image.size), strict=True)
                )
                line = index * 1000 + words["block_num"][at] * 100 + words["line_num"][at]
                cells.append(Cell(text, index + 1, line, (box[0], box[1], box[2], box[3])))
    if not cells:
        raise Scan("the PDF is a scan on which no text is recognised")
    return cells
