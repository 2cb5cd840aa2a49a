"""Pages of documents as pictures: of a PDF by PDFium, of a picture by Pillow; bounded in pixels and pages."""

import io
from collections.abc import Iterator
from typing import Final

import pypdfium2
from PIL import Image, UnidentifiedImageError

from integrations.pdfium import ONE_AT_A_TIME

PIXELS_MAX: Final = 40_000_000
EDGE_MAX: Final = 1800
_QUALITY: Final = 72


class NoPicture(ValueError):
    """There is nothing to be shown: encrypted, broken, too large, or of a type without pages."""


def page_count(content: bytes, media_type: str) -> int:
    """This function will return how many pages can be shown; 0 when none."""
    if media_type.startswith("image/"):
        return 1
    if media_type != "application/pdf":
        return 0
    try:
        with ONE_AT_A_TIME, pypdfium2.PdfDocument(content) as pdf:
            return len(pdf)
    except (pypdfium2.PdfiumError, ValueError):
        return 0


def page_pictures(content: bytes, media_type: str, *, pages: range) -> Iterator[bytes]:
    """This function will give pages (from 0) one by one as JPEG.

    :raises NoPicture: the document cannot be shown.
    """
    if media_type.startswith("image/"):
        if 0 in pages:
            yield _of_image(content)
        return
    if media_type != "application/pdf":
        raise NoPicture("this type of document has no pages")
    for number in pages:
        yield _of_page(content, number)


def _of_page(content: bytes, number: int) -> bytes:
    try:
        with ONE_AT_A_TIME, pypdfium2.PdfDocument(content) as pdf:
            if not 0 <= number < len(pdf):
                raise NoPicture("the document has no such page")
            page = pdf[number]
            width, height = page.get_size()
            scale = min(2.0, EDGE_MAX / max(width, height, 1))  # lint-skip: float  pixels per point
            picture = page.render(scale=scale, may_draw_forms=False).to_pil()
    except (pypdfium2.PdfiumError, ValueError) as error:
        raise NoPicture(str(error)) from error
    return _jpeg(picture)


def _of_image(content: bytes) -> bytes:
    try:
        picture = Image.open(io.BytesIO(content))
        if picture.width * picture.height > PIXELS_MAX:
            raise NoPicture("the picture is too large to be shown")
        picture.draft("RGB", (EDGE_MAX, EDGE_MAX))
        picture.load()
        picture.thumbnail((EDGE_MAX, EDGE_MAX))
    except (UnidentifiedImageError, OSError, Image.DecompressionBombError, SyntaxError, ValueError) as error:
        raise NoPicture(str(error)) from error
    return _jpeg(picture)


def _jpeg(picture: Image.Image) -> bytes:
    plain = Image.new("RGB", picture.size, "white")
    mask = picture.convert("RGBA").getchannel("A") if "A" in picture.getbands() else None
    plain.paste(picture.convert("RGB"), mask=mask)
    out = io.BytesIO()
    plain.save(out, "JPEG", quality=_QUALITY)
    return out.getvalue()
