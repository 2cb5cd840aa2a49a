"""Files dropped together: each becomes a claim, a document or a question, under one price."""

import io
import re
import zipfile
from email.message import EmailMessage

import pytest
import xlsxwriter
from PIL import Image

from agency.parties.models import Role
from tests.einvoice.invoice_samples import ubl
from tests.einvoice.pdf_samples import invoice_pdf
from tests.intake.factories import a_file, a_row
from tests.portal.test_creditor import Browser, creditor_id, house, manager  # noqa: F401


def a_picture(shade: int = 0) -> bytes:
    """A small picture that shows nothing."""
    kept = io.BytesIO()
    Image.new("L", (40, 30), shade).save(kept, "PNG")
    return kept.getvalue()


def an_invoice(number: str) -> bytes:
    return ubl().replace("00042", number).encode()


def a_workbook(*numbers: str) -> bytes:
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out)
    sheet = book.add_worksheet()
    sheet.write_row(0, 0, ["Factuurnummer", "Naam", "Bedrag", "Vervaldatum"])
    for row, number in enumerate(numbers, start=1):
        sheet.write_row(row, 0, [number, "Jansen", 10.5, "2026-05-31"])
    book.close()
    return out.getvalue()


def an_archive(**files: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return out.getvalue()


class Dropping:
    """A drop of a signed-in creditor, as the page's script does it."""

    def __init__(self, browser: Browser) -> None:
        self.browser = browser
        self.url = browser.post("/creditor/drops").json()["url"]

    def add(self, name: str, content: bytes, key: str = ""):
        return self.browser.post(
            f"{self.url}/files", {"key": key or name}, files={"file": (name, content, "application/x")}
        )

    def read(self):
        return self.browser.post(f"{self.url}/reading")

    @property
    def page(self) -> str:
        return self.browser.get(self.url).text


@pytest.fixture
def drop(manager) -> Dropping:  # noqa: F811
    return Dropping(manager)


class TestADrop:
    def test_of_mixed_files_is_one_placement_with_one_price(self, drop, manager):  # noqa: F811
        drop.add("a.xml", an_invoice("A1"))
        drop.add("b.pdf", invoice_pdf(number="B1"))
        drop.add("c.xlsx", a_workbook("C1", "C2"))
        drop.add("d.csv", a_file(a_row("D1")))
        drop.add("e.zip", an_archive(**{"e1.xml": an_invoice("E1"), "e2.csv": a_file(a_row("E2"))}))
        drop.add("photo.png", a_picture())
        assert drop.page.count("Waiting") >= 6
        assert drop.read().status_code == 303
        claims = manager.get("/creditor/claims.csv").text
        for number in ("A1", "B1", "C1", "C2", "D1", "E1", "E2"):
            assert number in claims
        page = drop.page
        assert page.count("/creditor/quotes/") == 1
        assert "in e.zip" in page
        assert page.count("chip tone-warning") == 1  # the photo: which claim does it belong to?

    def test_of_the_same_files_again_changes_nothing(self, drop, manager):  # noqa: F811
        for each in (drop, Dropping(manager)):
            each.add("a.xml", an_invoice("A1"))
            each.add("b.xml", an_invoice("B1"))
            each.read()
        assert manager.get("/creditor/claims.csv").text.count("A1") == 1

    def test_takes_a_file_once_however_often_it_is_sent(self, drop):
        drop.add("a.xml", an_invoice("A1"), key="one")
        drop.add("a.xml", an_invoice("A1"), key="one")
        assert drop.page.count(">a.xml<") == 1

    def test_takes_what_comes_after_it_was_read(self, drop, manager):  # noqa: F811
        drop.add("a.xml", an_invoice("A1"))
        drop.read()
        drop.add("b.xml", an_invoice("B1"))
        drop.read()
        assert "B1" in manager.get("/creditor/claims.csv").text

    def test_leaves_a_cancelled_file_out(self, drop, manager):  # noqa: F811
        drop.add("a.xml", an_invoice("A1"))
        drop.add("b.xml", an_invoice("B1"))
        cancel = drop.page.split("b.xml")[-1].split('action="')[1].split('"')[0]
        assert manager.post(cancel).status_code == 303
        drop.read()
        found = manager.get("/creditor/claims.csv").text
        assert "A1" in found
        assert "B1" not in found
        assert "Cancelled" in drop.page


class TestAQuestion:
    def test_is_what_unclear_columns_become(self, drop):
        drop.add("x.csv", a_file("X1;Jansen;5,00;31-05-2026", headers="Wat;Wie;Hoeveel;Wanneer"))
        drop.read()
        assert "What do the columns mean?" in drop.page
        assert "/creditor/placements/" in drop.page

    def test_is_what_an_unsure_pdf_becomes_with_its_form_filled_in(self, drop, manager):  # noqa: F811
        drop.add("b.pdf", invoice_pdf(number="B7", leave_out=("net", "vat", "total")))
        drop.read()
        assert "Question" in drop.page
        form = drop.page.split("b.pdf")[-1].split('href="')[1].split('"')[0]
        shown = manager.get(form)
        assert shown.status_code == 200
        assert 'value="B7"' in shown.text
        picture = manager.get(f"{form}/pages/1")
        assert picture.headers["content-type"] == "image/png"
        assert picture.content.startswith(b"\x89PNG")
        assert manager.get(f"{form}/pages/9").status_code == 404
        answers = {
            "invoice_number": "B7", "amount": "1210,00", "issued_on": "2026-10-01", "due_on": "2026-10-31",
            "debtor_name": "Bakkerij Jansen B.V.", "debtor_kind": "company", "country": "NL",
        }  # fmt: skip
        assert manager.post(form, answers | {"amount": ""}).status_code == 422
        assert manager.post(form, answers).status_code == 303
        assert "B7" in manager.get("/creditor/claims.csv").text
        assert "Question" not in drop.page.split("<tbody>")[1]

    def test_is_what_a_refused_row_becomes(self, drop):
        drop.add("a.xml", an_invoice("A1"))
        drop.add("b.xml", an_invoice("B1").replace(b"2026-10-01", b"2036-10-01"))
        drop.read()
        assert "Invoice date: is in the future" in drop.page


class TestARefusal:
    @pytest.mark.parametrize(
        ("content", "reason"),
        [
            (b"", "empty"),
            (b"<html><body>hello</body></html>", "web page or an old"),
            (b"GARBAGE\x00\x01", "not read"),
            (b"<Order/>", "ot a UBL or CII invoice"),
            (b"PK\x03\x04 broken", "damaged"),
        ],
    )
    def test_stands_on_the_files_own_line(self, drop, content, reason):
        assert drop.add("x.bin", content).status_code == 201
        assert reason in drop.page

    def test_of_an_upload_is_a_sentence(self, drop, manager):  # noqa: F811
        assert manager.post(f"{drop.url}/files", {"key": "x"}).status_code == 422
        assert drop.add("a.csv", b"x", key="k" * 200).status_code == 422


class TestTheWall:
    def test_hides_another_creditors_drop(self, drop, house):  # noqa: F811
        drop.add("a.xml", an_invoice("A1"))
        stranger = Browser(house, house.creditor("Stranger"), Role.CREDITOR_MANAGER)
        assert stranger.get(drop.url).status_code == 404
        assert stranger.post(f"{drop.url}/reading").status_code == 404
        answer = stranger.post(f"{drop.url}/files", {"key": "x"}, files={"file": ("a", b"x", "a/b")})
        assert answer.status_code == 404


def a_scan(shade: int = 128) -> bytes:
    """A PDF whose only page is a picture."""
    kept = io.BytesIO()
    Image.new("L", (60, 80), shade).save(kept, "PDF")
    return kept.getvalue()


class TestWhatWaitsForAPerson:
    def test_is_found_again_by_who_closed_the_page(self, drop, manager):  # noqa: F811
        assert "Dropped before" not in manager.get("/creditor/placements/new").text
        drop.add("a.xml", an_invoice("A1"))
        page = manager.get("/creditor/placements/new").text
        assert f'href="{drop.url}"' in page
        assert "Not read yet" in page
        drop.add("photo.png", a_picture())
        drop.read()
        page = manager.get("/creditor/placements/new").text
        assert "Not read yet" not in page
        assert "Question" in page

    def test_is_a_scan_that_is_called_an_invoice(self, drop, manager):  # noqa: F811
        drop.add("Factuur 77.pdf", a_scan())
        drop.read()
        assert "type over what it says" in drop.page
        assert "[ocr]" not in drop.page
        asks = re.search(rf"{drop.url}/files/[0-9a-f-]+(?=\")", drop.page)[0]
        assert "/pages/1" in manager.get(asks).text
        answers = {
            "invoice_number": "77",
            "amount": "120,50",
            "issued_on": "2026-05-01",
            "due_on": "2026-05-31",
            "debtor_kind": "company",
            "debtor_name": "Jansen B.V.",
            "country": "NL",
        }
        assert manager.post(asks, answers).headers["location"] == drop.url
        assert "120.50" in manager.get("/creditor/claims.csv").text

    def test_is_no_scan_that_names_its_claim(self, drop):
        drop.add("a.xml", an_invoice("F2026-77"))
        drop.add("pakbon F2026-77.pdf", a_scan())
        drop.read()
        assert "On claim F2026-77" in drop.page

    def test_is_answered_where_documents_are_sorted(self, drop, manager):  # noqa: F811
        drop.add("a.xml", an_invoice("A1"))
        drop.add("photo.png", a_picture())
        drop.add("other.png", a_picture(99))
        drop.read()
        assert drop.page.count(">Which claim does this document belong to?<") == 2
        files = re.findall(r"/creditor/sorting/([0-9a-f-]{36})", manager.get("/creditor/sorting").text)
        first, second = dict.fromkeys(files)
        manager.post(f"/creditor/sorting/{first}", {"reason": "duplicate"})
        manager.post(f"/creditor/sorting/{second}", {"claim": "A1"})
        assert "Which claim does this document belong to?" not in drop.page
        assert "Not needed" in drop.page
        assert "On claim A1" in drop.page

    def test_says_where_xml_is_broken_in_words_of_ours(self, drop):
        drop.add("broken.xml", b"<Invoice><cbc:ID>")
        assert "Not well-formed XML: line 1, position " in drop.page
        assert "Namespace" not in drop.page


def a_mail(**attachments: bytes) -> bytes:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "a@klant.example", "b@ons.example", "Fwd: zie bijlage"
    mail.set_content("Zie bijlage.")
    for name, content in attachments.items():
        mail.add_attachment(content, maintype="application", subtype="octet-stream", filename=name)
    return mail.as_bytes()


class TestAMail:
    def test_hands_over_the_invoices_and_lists_attached_to_it(self, drop, manager):  # noqa: F811
        mail = a_mail(**{
            "F-81.pdf": invoice_pdf(number="F-81"),
            "F-82.xml": an_invoice("F-82"),
            "open.csv": a_file(a_row("F-83")),
            "logo.png": a_picture(),
        })  # fmt: skip
        assert drop.add("doorgestuurd.eml", mail).json() == {"files": 4}
        assert drop.add("doorgestuurd.eml", mail).json() == {"files": 4}
        drop.read()
        assert drop.page.count("in doorgestuurd.eml") == 3
        claims = manager.get("/creditor/claims.csv").text
        assert all(claims.count(number) == 1 for number in ("F-81", "F-82", "F-83"))

    def test_that_is_broken_is_a_document_all_the_same(self, drop):
        broken = a_mail(**{"F-81.pdf": invoice_pdf(number="F-81")})[:-2000].replace(b"base64", b"base65")
        assert drop.add("kapot.eml", broken).json() == {"files": 1}
        drop.read()
        assert "Which claim does this document belong to?" in drop.page
