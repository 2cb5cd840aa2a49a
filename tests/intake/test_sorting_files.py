"""What a dropped file is taken for: a list that cannot be read is refused as a list, not kept as evidence."""

import io
import zipfile

import pytest

from agency.intake.archive import unpack
from agency.intake.reading import read_table
from agency.intake.sorting import FileKind, kind_of
from agency.ports.readers import Unreadable
from integrations.einvoice import read_einvoice

pytestmark = pytest.mark.pure
CELLS = "<tr><td>Factuur</td><td>Klant</td></tr><tr><td>F1</td><td>Jansen</td></tr>"


def packed(**files: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in files.items():
            archive.writestr(name.replace("__", "/").replace("_dot_", "."), content)
    return out.getvalue()


class TestLists:
    @pytest.mark.parametrize(
        ("content", "reason"),
        [
            (
                'Factuurnr;Klant;Bedrag\nF1;"Jansen;1,00\n' + "F2;Smit;1,00\n" * 300,
                "quotation mark that is not closed",
            ),
            ("Factuurnr;Klant;Bedrag\nF1;" + "J" * 30_000 + ";1,00\n", "line 2 has a cell of more than"),
            ('Factuurnr;Klant;Bedrag\nF1;"Jansen" Zn;1,00\nF2;Smit;2,00\n', "a quotation mark within a cell"),
            ("Klant,Factuurnr,Bedrag\nJansen,F1,100,50\nSmit,F2,120,00\n", "cut amounts in two"),
            ("Factuurnr  Klant      Bedrag\nF1         Jansen      1,00\n", "blanks alone"),
            (
                "MIME-Version: 1.0\nX-Document-Type: Workbook\nContent-Type: multipart/related\n\n"
                f"<table>{CELLS}</table>",
                "web archive",
            ),
        ],
    )
    def test_that_cannot_be_read_are_refused_with_their_reason(self, content, reason):
        assert kind_of(content.encode()) is FileKind.TABLE
        with pytest.raises(Unreadable, match=reason):
            list(read_table(content.encode()).rows)

    @pytest.mark.parametrize(
        "before",
        ["<html><body>", "<!DOCTYPE html>\n<html>", "<HTML>", "\ufeff<table>", "<style>td{}</style>"],
    )
    def test_saved_as_a_page_are_told_how_to_be_saved(self, before):
        content = f"{before}<table>{CELLS}</table>".encode()
        assert kind_of(content) is FileKind.INVOICE
        with pytest.raises(Unreadable, match="open it in a spreadsheet program"):
            read_einvoice(content, "open.xls")


class TestOthers:
    @pytest.mark.parametrize(
        "content",
        [
            b"Geachte heer, hierbij de factuur en de klant.\nGroet, Jan\n",
            b"MIME-Version: 1.0\nSubject: factuur\n\nHallo\n",
            b"\x89PNG\r\n\x1a\n",
            packed(mimetype=b"application/vnd.oasis.opendocument.text", content_dot_xml=b"<a/>"),
        ],
    )
    def test_are_documents(self, content):
        assert kind_of(content) is FileKind.DOCUMENT

    def test_of_numbers_are_refused_whole_with_what_to_do(self):
        content = packed(Index__Document_dot_iwa=b"x", preview_dot_jpg=b"\xff\xd8\xff")
        with pytest.raises(Unreadable, match="export it as Excel"):
            list(unpack(content))

    def test_of_a_bank_hold_no_invoices(self):
        content = (
            b'<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"><BkToCstmrStmt/></Document>'
        )
        with pytest.raises(Unreadable, match="a file of a bank"):
            read_einvoice(content, "afschrift.xml")
