"""Draws a logo anew: what comes out holds the picture and nothing else that stood in the file."""

import io
from typing import Final

from PIL import Image, ImageOps, UnidentifiedImageError

_FORMATS: Final = ("PNG", "JPEG")


class NoLogo(ValueError):
    """The file is no picture that can be drawn."""


def redrawn(content: bytes, *, width: int, height: int) -> bytes:
    """This function will return a picture as PNG, made smaller to fit; equal input gives equal bytes.

    Metadata, colour profiles, further frames and whatever was hidden in the file are left behind. The caller
    has looked at the header: a file that would unpack into gigabytes never comes here.

    :raises NoLogo: it is broken, or of another format.
    """
    try:
        with Image.open(io.BytesIO(content), formats=_FORMATS) as opened:
            opened.load()
            picture = _upright(opened).convert("RGBA")
    except (UnidentifiedImageError, OSError, Image.DecompressionBombError, SyntaxError, ValueError) as error:
        raise NoLogo(str(error)) from error
    picture.thumbnail((width, height), Image.Resampling.LANCZOS)
    plain = Image.new("RGBA", picture.size)
    plain.paste(picture)
    out = io.BytesIO()
    plain.save(out, "PNG", optimize=True)
    return out.getvalue()


def _upright(opened: Image.Image) -> Image.Image:
    """Turned as its camera says; metadata that nobody can read say nothing."""
    try:
        return ImageOps.exif_transpose(opened)
    except (ValueError, SyntaxError, TypeError, KeyError, OSError):
        return opened
