"""Lifts the invoice XML out of a Factur-X or ZUGFeRD PDF."""

import logging
from collections.abc import Callable, Iterator
from io import BytesIO

from pypdf import PdfReader
from pypdf.generic import IndirectObject, StreamObject

from agency.ports.readers import Unreadable
from agency.rules.pdf_streams import PackedToHarm, refuse_swollen, streams_of

# What it grumbles about on the way matters only when it fails, and then the refusal says so.
logging.getLogger("pypdf").setLevel(logging.CRITICAL)

_LOCK = b"/Encrypt"
# The names the standards prescribe, newest first; a PDF may carry other XML beside them.
_INVOICE_NAMES = ("factur-x.xml", "xrechnung.xml", "zugferd-invoice.xml")


class NoData(Unreadable):
    """A sound PDF that carries no XML: what it says stands on its pages only."""


def is_pdf(content: bytes) -> bool:
    """This function will tell a PDF by its mark, which may stand some bytes into the file."""
    return b"%PDF-" in content[:1024]


def lift_xml(content: bytes, is_invoice: Callable[[bytes], bool]) -> bytes:
    """This function will return the e-invoice embedded in a PDF, under the name that a standard prescribes or
    any other.

    :raises NoData: it carries none; other XML beside a page, such as an order, is no invoice.
    :raises Unreadable: when the PDF is damaged or locked, or carries several invoices.
    """
    attached = _attached_xml(content)
    named = ({xml for name, xml in attached if name.lower() == wanted} for wanted in _INVOICE_NAMES)
    for found in (*named, {xml for _, xml in attached if is_invoice(xml)}):
        if len(found) > 1:  # invoices that were put together into one file; one of them would be lost
            raise Unreadable("the PDF carries several e-invoices; hand over each by itself")
        if found:
            return found.pop()
    raise NoData("the PDF carries no e-invoice; only its picture")


def _attached_xml(content: bytes) -> list[tuple[str, bytes]]:
    try:
        if _LOCK not in content:  # before a reader that takes its time over a damaged file
            refuse_swollen(streams_of(content))
        reader = PdfReader(BytesIO(content), strict=False)
        if reader.is_encrypted and not reader.decrypt(""):
            raise Unreadable("the PDF is locked with a password")
        if _LOCK in content:
            refuse_swollen(_opened_streams(reader) if reader.is_encrypted else streams_of(content))
        return [
            (file.name, file.content)
            for file in reader.attachment_list
            if file.name.lower().endswith(".xml") and file.content is not None
        ]
    except PackedToHarm as harm:
        raise Unreadable(str(harm)) from harm
    except Unreadable:
        raise
    except Exception as error:
        # On a damaged PDF pypdf raises whatever its dictionaries raise, recursion errors included.
        raise Unreadable("the PDF is damaged; save it as PDF once more") from error


def _opened_streams(reader: PdfReader) -> Iterator[memoryview]:
    """The streams of a PDF that opens without a password, but whose bytes in the file are ciphertext."""
    for generation, places in reader.xref.items():
        for number in places:
            found = reader.get_object(IndirectObject(number, generation, reader))
            if isinstance(found, StreamObject):
                yield memoryview(found._data)
