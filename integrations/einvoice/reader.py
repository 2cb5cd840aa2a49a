"""Decides which syntax an e-invoice is in and has it read."""

import re

from lxml import etree

from agency.ports.readers import EInvoice, Unreadable
from integrations import untrusted_xml
from integrations.einvoice import cii, hybrid_pdf, plain_pdf, ubl

XML_BYTES_MAX = 20_000_000
PDF_BYTES_MAX = 50_000_000

# Peppol's envelope; what it carries stands behind its header.
_ENVELOPE = "StandardBusinessDocument"
_BANK = "urn:iso:std:iso:20022:"
_SPREADSHEET = "urn:schemas-microsoft-com:office:spreadsheet"
_PAGE = re.compile(
    rb"(?:\xef\xbb\xbf)?\s*(?:<!doctype\s+html|<(?:html|head|body|table|style|meta)[\s>])", re.IGNORECASE
)
SAVED_AS_PAGE = (
    "a web page or an old XML spreadsheet, whatever its name ends with; open it in a spreadsheet program and"
    " save it as .xlsx or CSV"
)
_ENVELOPE_HEADER = "StandardBusinessDocumentHeader"


def read_einvoice(content: bytes, name: str = "") -> EInvoice:
    """This function will read one invoice: UBL or CII, as XML or inside a PDF, else what a PDF's pages say.

    :param name: how the sender called the file; only words a refusal, never decides what it is.
    :raises NotSure: an invoice read off its pages leaves doubt; it carries what was found.
    :raises Unreadable: on anything else, and on an invoice that is damaged or lacks an essential fact.
    """
    if hybrid_pdf.is_pdf(content):
        if len(content) > PDF_BYTES_MAX:
            raise Unreadable(f"larger than the {PDF_BYTES_MAX // 1_000_000} MB that is read")
        try:
            content = hybrid_pdf.lift_xml(content, _is_invoice)
        except hybrid_pdf.NoData:
            return plain_pdf.read_plain(content)
    if _PAGE.match(content[:256]):
        raise Unreadable(SAVED_AS_PAGE)
    if not untrusted_xml.looks_like_xml(content):
        raise Unreadable(f"neither XML nor PDF: {name}" if name else "neither XML nor PDF")
    return _read_root(untrusted_xml.parse(content, max_bytes=XML_BYTES_MAX))


def is_einvoice_root(root: untrusted_xml.RootName) -> bool:
    """This function will tell whether a document with this root element is for `read_einvoice`."""
    return (
        root.local in cii.ROOTS
        or root.local == _ENVELOPE
        or (root.local in {"Invoice", "CreditNote"} and root.namespace in ubl.NAMESPACES)
    )


def _is_invoice(xml: bytes) -> bool:
    """Whether a document is for this reader by its root element."""
    try:
        return is_einvoice_root(untrusted_xml.root_name(xml, max_bytes=XML_BYTES_MAX))
    except Unreadable:
        return False


def _carried(envelope: etree._Element) -> etree._Element:
    """The one document in an envelope: of several the others would be lost."""
    carried = [child for child in envelope if etree.QName(child).localname != _ENVELOPE_HEADER]
    if len(carried) != 1:
        raise Unreadable(
            "the envelope carries several documents; hand over each by itself"
            if carried
            else "the envelope carries no document"
        )
    return carried[0]


def _read_root(root: etree._Element) -> EInvoice:
    name = etree.QName(root)
    if name.localname == _ENVELOPE:
        root = _carried(root)
        name = etree.QName(root)
    if name.localname in cii.ROOTS:
        return cii.read_cii(root)
    if name.localname in {"Invoice", "CreditNote"} and (name.namespace or "") in ubl.NAMESPACES:
        return ubl.read_ubl(root)
    if name.namespace == _SPREADSHEET:
        raise Unreadable(SAVED_AS_PAGE)
    if (name.namespace or "").startswith(_BANK):
        raise Unreadable("a file of a bank, which holds no invoices")
    if name.localname in {"Invoice", "CreditNote"}:
        raise Unreadable(f"an invoice of another standard than UBL: its namespace is {name.namespace}")
    raise Unreadable(f"not a UBL or CII invoice: the document is a {name.localname}")
