"""A creditor's logo: where it is served, and as a drawing that a letter carries in itself."""

import base64
import struct
from collections.abc import Callable
from functools import lru_cache
from typing import Final
from uuid import UUID

from agency.ports.providers import FileNotStored, FileStore, ProviderRefused, ProviderTransient

_PNG: Final = b"\x89PNG\r\n\x1a\n"
_KEPT: Final = 256


def logo_path(creditor_id: UUID, sha256: str | None) -> str:
    """This function will return the path under which a creditor's logo is served, empty where it has none."""
    return f"/logo/{creditor_id}/{sha256}" if sha256 else ""


def drawing_of(files: FileStore, sha256: str) -> str:
    """This function will return a logo as SVG, which carries the picture in itself; "" when it is not there.

    A letter without its logo is better than none.
    """
    try:
        return _drawing(files.get, sha256)
    except (FileNotStored, ProviderRefused, ProviderTransient):
        return ""


# Every letter of a run shows the same few; what a hash names never changes.
@lru_cache(maxsize=_KEPT)
def _drawing(get: Callable[[str], bytes], sha256: str) -> str:
    content = get(sha256)
    if not content.startswith(_PNG):
        return ""
    width, height = struct.unpack(">II", content[16:24])
    data = base64.b64encode(content).decode()
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}"'
        f' viewBox="0 0 {width} {height}"><image width="{width}" height="{height}"'
        f' href="data:image/png;base64,{data}"/></svg>'
    )
