"""Reading an image: its size before it is decoded, and a smaller copy of it without what else it carries."""

import io
from typing import Any, Final

from PIL import Image

FORMATS: Final = ("PNG", "JPEG", "TIFF")
PIXELS_MAX: Final = 100_000_000
PICTURE_LENGTH: Final = 1600
FRAMES_MAX: Final = 60


def prepare() -> None:
    """This function will load what Pillow otherwise loads when it meets the first image."""
    Image.init()


def size(content: bytes) -> tuple[int, int]:
    """This function will return an image's width and height from its head, nothing is decoded.

    :raises OSError: it is no image of a kind that is kept.
    """
    with Image.open(io.BytesIO(content), formats=FORMATS) as image:
        return image.size


def read(content: bytes) -> dict[str, Any]:
    """This function will describe an image: its pages have a size but no words."""
    with Image.open(io.BytesIO(content), formats=FORMATS) as image:
        width, height = image.size
        if width * height > PIXELS_MAX:
            return {"state": "too_heavy"}
        image.load()
        count = min(getattr(image, "n_frames", 1), FRAMES_MAX)
    page = {"width": width, "height": height, "words": [], "marks": []}
    pages = [page | {"number": number} for number in range(1, count + 1)]
    return {"state": "no_text", "pages": pages, "page_count": count, "signature_fields": 0}


def picture(content: bytes, *, page: int) -> bytes:
    """This function will draw one page of an image as a PNG.

    :raises EOFError: there is no such page.
    """
    with Image.open(io.BytesIO(content), formats=FORMATS) as image:
        if image.size[0] * image.size[1] > PIXELS_MAX:
            raise EOFError("too large")
        image.seek(page - 1)
        shown = image.convert("RGB")
    shown.thumbnail((PICTURE_LENGTH, PICTURE_LENGTH))
    out = io.BytesIO()
    shown.save(out, "PNG")
    return out.getvalue()
