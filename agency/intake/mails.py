"""Invoices and lists that are attached to a mail: who drops the mail hands these over too."""

import re
from collections.abc import Iterator
from typing import Final

from agency.intake.archive import FILE_BYTES_MAX, Packed
from agency.intake.sorting import FileKind, kind_of
from agency.ports.readers import Unreadable
from agency.rules.inbound.mail import read_mail

ATTACHED_MAX: Final = 50
_HEADER: Final = re.compile(rb"[!-9;-~]{1,80}:[ \t]", re.ASCII)
_TABLES: Final = (".csv", ".xlsx", ".xls", ".xlsb", ".ods")


def attached(content: bytes, name: str) -> Iterator[Packed]:
    """This function will give what of a mail's attachments may make claims or prove them: PDF, XML and lists.
    Logos, signatures and other mails stay within the mail.
    """
    if not name.lower().endswith(".eml") or not _HEADER.match(content):
        return
    for part in read_mail(content).attachments[:ATTACHED_MAX]:
        called = part.name.replace("\\", "/").rsplit("/", 1)[-1]
        if len(part.content) <= FILE_BYTES_MAX and _may_matter(part.content, called):
            yield Packed(called, part.content)


def _may_matter(content: bytes, called: str) -> bool:
    try:
        kind = kind_of(content)
    except Unreadable:
        return False
    return kind == FileKind.INVOICE or (kind == FileKind.TABLE and called.lower().endswith(_TABLES))
