"""Pictures of a letter's pages, because a phone's browser shows no PDF inside a page."""

import io
import tempfile
from pathlib import Path

import typst
from pypdf import PdfReader

_PAGE = '#set page(width: auto, height: auto, margin: 0pt)\n#image("/letter.pdf", page: {number})'
_DOTS_PER_INCH = 110


def page_count(pdf: bytes) -> int:
    """This function will return how many pages a letter has; 0 when it cannot be read."""
    try:
        return len(PdfReader(io.BytesIO(pdf)).pages)
    except Exception:  # noqa: BLE001 - on a damaged PDF pypdf raises whatever its dictionaries raise
        return 0


def page_picture(pdf: bytes, *, number: int) -> bytes | None:
    """This function will draw one page, counted from 1, as PNG; None when it cannot be drawn."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        (root / "letter.pdf").write_bytes(pdf)
        compiler = typst.Compiler(root=root, ignore_system_fonts=True)
        try:
            picture = compiler.compile(
                input=_PAGE.format(number=number).encode(), format="png", ppi=_DOTS_PER_INCH
            )
        except typst.TypstError:
            return None
    return picture if isinstance(picture, bytes) else None
