"""Files dropped together: each becomes a claim, a document or a question, under one price."""

import io
import zipfile

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
            (b"<html><body>hello</body></html>", "not read"),
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
