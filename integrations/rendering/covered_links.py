"""Covers links to a debtor's page in a letter: its pages become pictures on which they cannot be read.

PDFium finds the characters of the link; the code beside it is the square drawing that our letters print.
"""

import io
import re
from typing import Any, Final

import pypdfium2
from PIL import Image, ImageDraw

from agency.ports.bundles import NotBound
from integrations.pdfium import ONE_AT_A_TIME

_POINTS: Final = 72
_DOTS: Final = 150  # per inch: a letter stays readable, and a page is about 200 kB
_QUALITY: Final = 80
# A line may break inside the address.
_BREAK: Final = r"[\s\u200b\ufffe\u00ad]*"
_LINK: Final = re.compile(
    rf"/{_BREAK}p{_BREAK}a{_BREAK}y{_BREAK}/{_BREAK}((?:[A-Za-z0-9_-]{_BREAK}){{16,22}})"
)
# Our letters draw the code 28 mm wide; a little less and more is one, too.
_CODE_POINTS: Final = range(60, 111)


def cover_links(content: bytes, /) -> bytes:
    """See `LinkCover`."""
    try:
        with ONE_AT_A_TIME, pypdfium2.PdfDocument(content) as pdf:
            texts = [page.get_textpage().get_text_range() for page in pdf]
            if not any(_LINK.search(words) for words in texts):
                return content
            pictures = [_covered(page) for page in pdf]
    except (pypdfium2.PdfiumError, ValueError):
        # What cannot be read is no letter of ours: those are made here.
        return content
    out = io.BytesIO()
    try:
        pictures[0].save(
            out, "PDF", save_all=True, append_images=pictures[1:], resolution=_DOTS, quality=_QUALITY,
            producer="", creationDate=None, modDate=None,
        )  # fmt: skip
    except (OSError, ValueError) as error:
        raise NotBound(f"a letter's link cannot be covered: {error}") from error
    return out.getvalue()


def _covered(page: Any) -> Image.Image:
    picture: Image.Image = (
        page.render(scale=_DOTS / _POINTS).to_pil().convert("RGB")
    )  # lint-skip: float  dots
    words = page.get_textpage()
    read = words.get_text_range()
    boxes = [
        words.get_charbox(at)
        for found in _LINK.finditer(read)
        for at in range(found.start(1), found.end(1))
        if not read[at].isspace()
    ]
    if boxes:
        boxes += [box for box in (one.get_bounds() for one in page.get_objects(max_depth=1)) if _is_code(box)]
    paint, height = ImageDraw.Draw(picture), page.get_height()
    for left, bottom, right, top in boxes:
        # As high as a line: the outline of a sign would tell which it was.
        corners = (left - 2, height - top - 4, right + 2, height - bottom + 4)
        paint.rectangle([corner * _DOTS / _POINTS for corner in corners], fill="#9aa3ab")  # lint-skip: float
    return picture


def _is_code(box: tuple[Any, Any, Any, Any]) -> bool:
    left, bottom, right, top = box
    wide, high = right - left, top - bottom
    return round(wide) in _CODE_POINTS and abs(wide - high) <= 2
