"""The parsers of evidence, scans, pictures and the files of the house."""

import io
from collections.abc import Callable
from itertools import islice
from typing import Final

from PIL import Image

from agency.documents.archives import UnacceptableArchive, entries_of, names_of
from agency.documents.signs import signs_of, text_of
from agency.documents.types import UnacceptableFile, file_type
from agency.rules.tariff_file import UnreadableTariff, read_tariff
from infra.fuzz.parser import Parser
from integrations.bankfiles.payment_status import is_payment_status, read_payment_status
from integrations.rendering.logo_image import NoLogo, redrawn
from integrations.rendering.page_images import NoPicture, page_count, page_pictures

_PAGES: Final = 3
_ORIENTATION: Final = 0x0112
_NAMES: Final = ("pdf", "png", "jpg", "tiff", "docx", "odt", "xlsx", "eml", "xml", "txt", "csv")
_STATUS: Final = (
    b'<?xml version="1.0"?><Document xmlns="urn:iso:std:iso:20022:tech:xsd:pain.002.001.10"><CstmrPmtStsRpt>'
    b"<GrpHdr><MsgId>S1</MsgId></GrpHdr><OrgnlGrpInfAndSts><OrgnlMsgId>O1</OrgnlMsgId><GrpSts>PART</GrpSts>"
    b"</OrgnlGrpInfAndSts><OrgnlPmtInfAndSts><OrgnlPmtInfId>P1</OrgnlPmtInfId><TxInfAndSts><OrgnlEndToEndId>E1"
    b"</OrgnlEndToEndId><TxSts>RJCT</TxSts><StsRsnInf><Rsn><Cd>AC01</Cd></Rsn></StsRsnInf><OrgnlTxRef><Amt>"
    b'<InstdAmt Ccy="EUR">12.50</InstdAmt></Amt></OrgnlTxRef></TxInfAndSts></OrgnlPmtInfAndSts>'
    b"</CstmrPmtStsRpt></Document>"
)
_ENDLESS: Final = b"bands = " + b"[" * 3_000
_TARIFF: Final = b"""
name = "Example"
source = "a price list"
version = 2026-01-01
currency = "EUR"
basis = "slices"
minimum = 25

[[band]]
from = 0
percent = 15

[[band]]
from = 2500
percent = 12.5

[[surcharge]]
over_months = 12
percent = 5

[outcome]
withdrawn = "half"
bankrupt = 10
"""


def _picture(kind: str) -> bytes:
    """A small picture that says how it was held."""
    drawn = Image.linear_gradient("L").resize((64, 40)).convert("RGB")
    held = Image.Exif()
    held[_ORIENTATION] = 6
    out = io.BytesIO()
    drawn.save(out, kind, exif=held)
    return out.getvalue()


_PICTURES: Final = tuple(_picture(kind) for kind in ("PNG", "JPEG", "TIFF"))


def _kept(content: bytes) -> object:
    """A document under each kind of name: recognised, looked through, its words and what they say."""
    found = []
    for extension in _NAMES:
        try:
            kind = file_type(content, name=f"x.{extension}")
        except UnacceptableFile:
            continue
        # A PDF is read by a process of its own; what it reads is the target "pages".
        words = "" if kind.media_type == "application/pdf" else text_of(content, kind.media_type)
        found.append((kind, signs_of(words, "factuur_2026-117.x")))
    return found


def _letter(media_type: str) -> Callable[[bytes], object]:
    def read(content: bytes) -> object:
        return signs_of(text_of(content, media_type), "x.eml"), media_type

    return read


def _pages(content: bytes) -> object:
    kind = "application/pdf" if content.startswith(b"%PDF") else "image/png"
    pages = range(min(_PAGES, page_count(content, kind)))
    return [len(picture) for picture in page_pictures(content, kind, pages=pages)]


def _archive(content: bytes) -> object:
    return names_of(content), [len(entry.content) for entry in islice(entries_of(content), 200)]


def _status(content: bytes) -> object:
    return is_payment_status(content), read_payment_status(content)


DOCUMENTS: Final = (
    Parser(
        "evidence",
        _kept,
        ("02_einvoice/*/*.pdf", "06_hostile/*/*", "09_messages/eml_*/**/*"),
        refusals=(),
        samples=_PICTURES,
    ),
    Parser("mail_as_evidence", _letter("message/rfc822"), ("09_messages/eml_*/**/*",), ()),
    Parser("pages", _pages, ("06_hostile/pdf_pdfjs/*",), (NoPicture,), _PICTURES),
    Parser("logo", lambda content: redrawn(content, width=300, height=90), (), (NoLogo,), _PICTURES),
    Parser("evidence_archive", _archive, ("06_hostile/zip_*/*",), (UnacceptableArchive,)),
    Parser("payment_status", _status, samples=(_STATUS,)),
    Parser("tariff", read_tariff, refusals=(UnreadableTariff,), samples=(_TARIFF, _ENDLESS)),
)
