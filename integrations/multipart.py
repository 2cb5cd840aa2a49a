"""Multipart forms as bytes: a field's charset is told apart from its content, so nothing is decoded."""

import re
from dataclasses import dataclass
from typing import Final

FIELDS_MAX: Final = 200
_BOUNDARY: Final = re.compile(r'boundary=(?:"([^"]{1,200})"|([^";,\s]{1,200}))', re.IGNORECASE)
_PARAMETER: Final = re.compile(
    rb'(?<![\w-])(name|filename)=(?:"((?:[^"\\]|\\.)*)"|([^\s";]{1,200}))', re.IGNORECASE
)


class NotAForm(ValueError):
    """The body is no multipart form, or has more fields than a provider sends."""


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a form; `filename` is empty for what is no file."""

    name: str
    filename: str
    media_type: str
    content: bytes


def read_form(*, content_type: str, body: bytes) -> list[Field]:
    """This function will split a multipart form (RFC 7578) into its fields, in order.

    :raises NotAForm: see the exception.
    """
    found = _BOUNDARY.search(content_type)
    if not content_type.lower().startswith("multipart/form-data") or found is None:
        raise NotAForm("not a multipart form")
    separator = b"--" + (found[1] or found[2]).encode()
    line_end = b"\r\n" if separator + b"\r\n" in body else b"\n"
    pieces = (line_end + body).split(line_end + separator)
    if len(pieces) < 2 or len(pieces) > FIELDS_MAX + 2:
        raise NotAForm("no fields, or too many")
    return [
        _field(piece.removeprefix(line_end), line_end) for piece in pieces[1:] if not piece.startswith(b"--")
    ]


def _field(piece: bytes, line_end: bytes) -> Field:
    head, _, content = piece.partition(line_end * 2)
    said = {name.lower(): quoted or bare for name, quoted, bare in _PARAMETER.findall(head)}
    kind = re.search(rb"(?im)^content-type:\s*([\w.+/-]{1,100})", head)
    return Field(
        name=said.get(b"name", b"").decode("utf-8", "replace"),
        filename=said.get(b"filename", b"").decode("utf-8", "replace"),
        media_type=kind[1].decode("ascii", "replace").lower() if kind else "",
        content=content,
    )
