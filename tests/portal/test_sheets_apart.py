"""A workbook whose sheets have different columns: each kind of sheet is mapped apart, in one placement."""

import io
from datetime import date

import pytest
import xlsxwriter
from python_calamine import CalamineWorkbook

from agency.intake.mapping import UnclearColumns, open_as, save_mapping
from agency.intake.receive import saved_mapping
from agency.intake.rejected import MARKS, SHEET_MARK
from agency.kernel.unit import Door
from tests.barriers import barriers
from tests.portal.served import serve
from tests.portal.test_creditor import creditor_id, house, manager  # noqa: F401 - fixtures
from tests.portal.test_rejects import as_csv, claims

DUE = date(2026, 8, 31)
TRADE = ["Factuur", "Klantnaam", "Vervaldatum", "Openstaand"]
RENT = ["Nota", "Wie", "Te betalen op", "Som"]
SHEETS = {
    "Uitleg": [["Dit is", "een toelichting"]],
    "Handel": [TRADE, ["F1", "Jansen", DUE, 10], ["F2", "", DUE, 20]],
    "Verhuur": [RENT, ["R1", "Pieters", DUE, 30], ["R2", "Willems", "morgen", 40], ["R3", "Maas", DUE, 50]],
    "Handel 2": [["Lijst"], [], TRADE, ["F3", "De Boer", DUE, 60]],
}
RENTED = ("invoice_number", "debtor_name", "due_on", "amount")


def a_book(**changes) -> bytes:
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True, "default_date_format": "dd-mm-yyyy"})
    for name, rows in (SHEETS | changes).items():
        sheet = book.add_worksheet(name)
        for at, row in enumerate(rows):
            sheet.write_row(at, 0, row)
    book.close()
    return out.getvalue()


def answers(prefix: str = "kind2_") -> dict[str, str]:
    """What is said of the two kinds of sheets; the explanation is left out."""
    trade = {f"kind1_column_{at}": field for at, field in enumerate(RENTED)}
    rent = {f"{prefix}column_{at}": field for at, field in enumerate(RENTED)}
    return trade | rent | {"sheet": "**", "leave_out_0": "true", "profile": "Posten"}


@pytest.fixture
def page(manager):  # noqa: F811
    return manager.drop(a_book(), name="posten.xlsx").headers["location"]


class TestTheScreen:
    def test_asks_each_kind_apart_and_leaves_out_what_is_no_claims(self, manager, page):  # noqa: F811
        assert "?sheet=%2A%2A" in manager.get(page).text
        shown = manager.get(f"{page}?sheet=**").text
        assert "Columns of Handel, Handel 2" in shown
        assert "Columns of Verhuur" in shown
        assert "Columns of Uitleg" not in shown
        assert 'name="leave_out_0" value="true" checked' in shown
        assert 'name="kind2_column_0"' in shown
        assert "Verhuur: Still needed" in shown

    def test_shows_the_rows_of_each_sheet_by_its_own_answers(self, manager, page):  # noqa: F811
        shown = manager.post(f"{page}/mapping/preview", answers()).text
        assert "R1" in shown
        assert "F3" in shown
        assert "Still needed" not in shown

    def test_keeps_asking_until_every_kind_is_said(self, manager, page, house):  # noqa: F811
        half = {name: value for name, value in answers().items() if name != "kind2_column_3"}
        refused = manager.post(f"{page}/mapping", half)
        assert refused.status_code == 422
        assert house.one("SELECT count(*) FROM claim") == 0
        without = manager.post(f"{page}/mapping", half | {"leave_out_2": "true"})
        assert without.status_code == 303


class TestThePlacement:
    @pytest.fixture(autouse=True)
    def _said(self, manager, page):  # noqa: F811
        assert manager.post(f"{page}/mapping", answers()).status_code == 303

    def test_reads_every_sheet_and_its_counts_add_up(self, house, creditor_id):  # noqa: F811
        assert claims(house, creditor_id) == [("F1", 1_000), ("F3", 6_000), ("R1", 3_000), ("R3", 5_000)]
        counted = house.one(
            "SELECT ARRAY[rows, created + updated + merged + rejected, rejected] FROM placement"
        )
        assert counted == [6, 6, 2]

    def test_names_the_sheet_of_each_reject_by_the_creditors_own_column(self, manager, page):  # noqa: F811
        shown = manager.get(page).text
        assert "Handel:3" in shown
        assert "Verhuur:3" in shown
        assert "Te betalen op" in shown
        head, *rows = as_csv(manager.get(f"{page}/rejects.csv").content)
        assert head[:3] == [*MARKS, SHEET_MARK]
        assert [(row[0], row[2]) for row in rows] == [("2:3", "Handel"), ("3:3", "Verhuur")]
        assert dict(zip(head, rows[1], strict=True))["Som"] == "40.0"

    def test_gives_rejects_as_a_workbook_that_comes_back_mended(self, manager, house, creditor_id, page):  # noqa: F811
        content = manager.get(f"{page}/rejects.xlsx").content
        book = CalamineWorkbook.from_filelike(io.BytesIO(content))
        assert book.sheet_names == ["Handel", "Verhuur"]
        head, row = book.get_sheet_by_name("Verhuur").to_python()
        assert head == [*MARKS, SHEET_MARK, *RENT]
        mended = [*row[:5], DUE, *row[6:]]
        trade = book.get_sheet_by_name("Handel").to_python()
        trade[1][4] = "Visser"
        manager.drop(a_book(Handel=trade, Verhuur=[head, mended]), name="rejects.xlsx")
        assert dict(claims(house, creditor_id))["R2"] == 4_000
        assert dict(claims(house, creditor_id))["F2"] == 2_000

    def test_reads_the_next_workbook_without_a_question(self, manager, house, creditor_id):  # noqa: F811
        """Also with sheets of other names; what looks like claims and has other columns is asked about."""
        manager.drop(a_book(Verhuur=[RENT, ["R9", "Maas", DUE, 70]]), name="september.xlsx")
        assert dict(claims(house, creditor_id))["R9"] == 7_000
        strange = ["Factuurnr", "Debiteur", "Vervaldag", "Saldo"]
        asked = manager.drop(a_book(Verhuur=[strange, ["X1", "Maas", DUE, 70]]), name="oktober.xlsx")
        assert "/placements/" in asked.headers["location"]
        assert "X1" not in dict(claims(house, creditor_id))

    def test_pins_the_parts_in_the_profile_s_version(self, house, creditor_id):  # noqa: F811
        mapping_id = house.one("SELECT mapping_id FROM placement")
        with house.units.open(Door.CREDITOR, by="user:test", creditor_id=creditor_id) as unit:
            mapped = saved_mapping(unit, creditor_id=creditor_id, mapping_id=mapping_id)
            assert [part.headers for part in mapped.parts] == [tuple(TRADE), tuple(RENT)]
            assert mapped.sheet == "**/Uitleg"
            again = save_mapping(unit, creditor_id=creditor_id, name="Posten", mapped=mapped)
            assert saved_mapping(unit, creditor_id=creditor_id, mapping_id=again) == mapped
        chosen = open_as(a_book(), mapped)
        assert {name: sheet.at for name, sheet in chosen.apart.items()} == {
            "Handel": 2, "Verhuur": 3, "Handel 2": 4,
        }  # fmt: skip
        with pytest.raises(UnclearColumns, match="the sheet Verhuur has other columns"):
            open_as(a_book(Verhuur=[["Factuurnr", "Debiteur", "Saldo", "Datum"], ["X", "Y", 1, DUE]]), mapped)


@pytest.mark.browser
def test_the_screen_can_be_read_by_everybody_and_fits(manager, house, browser, page):  # noqa: F811
    with serve(house) as served:
        context = browser.new_context(base_url=served.url, locale="en-GB")
        session = manager.client.cookies["session"]
        context.add_cookies([{"name": "session", "value": session, "url": served.url}])
        window = context.new_page()
        window.goto(f"{page}?sheet=**")
        assert barriers(window) == []
        window.get_by_label("Meaning of Nota in Verhuur").select_option("invoice_number")
        window.get_by_label("Meaning of Wie in Verhuur").select_option("debtor_name")
        window.get_by_label("Meaning of Te betalen op in Verhuur").select_option("due_on")
        window.get_by_label("Meaning of Som in Verhuur").select_option("amount")
        window.get_by_role("region", name="Verhuur").get_by_text("Pieters").wait_for()
        window.get_by_role("button", name="Keep and read the file").click()
        window.get_by_text("Verhuur:3").first.wait_for()
        context.close()
