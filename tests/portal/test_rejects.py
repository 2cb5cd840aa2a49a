"""Rejected rows come out as they stood, are mended in a spreadsheet and come back without doubling."""

import csv
import io
import re

import pytest
from python_calamine import CalamineWorkbook
from sqlalchemy import text

from agency.intake.receive import receive
from agency.intake.rejected import MARKS
from agency.kernel.unit import Door
from agency.parties.models import Role
from tests.intake.factories import HEADERS, a_file, a_row
from tests.intake.test_open_items import several_sheets
from tests.portal.test_creditor import Browser, creditor_id, house, manager  # noqa: F401

REJECTED = a_file(
    a_row("F1"),
    a_row("F2", amount="abc", customer="0042"),
    a_row("F3", amount="-7,00", phone="12"),
    a_row("F4", name="=HYPERLINK(1)", kvk="1"),
)


def as_csv(content: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig")), delimiter=";"))


def claims(house, creditor_id):  # noqa: F811
    with house.units.open(Door.STAFF, by="system:test") as unit:
        rows = unit.session.connection().execute(
            text("SELECT reference, principal_minor FROM claim WHERE creditor_id = :c ORDER BY 1"),
            {"c": creditor_id},
        )
        return [tuple(row) for row in rows]


def test_come_with_their_number_all_reasons_and_their_own_columns(manager):  # noqa: F811
    page = manager.drop(REJECTED).headers["location"]
    head, *rows = as_csv(manager.get(f"{page}/rejects.csv").content)
    assert head == [*MARKS, *HEADERS.split(";")]
    assert [row[0] for row in rows] == ["3", "4", "5"]
    assert rows[0][2:5] == ["F2", "0042", "bedrijf"]
    assert "Bedrag" in rows[1][1]
    assert "Telefoon" in rows[1][1]
    assert rows[2][5] == "'=HYPERLINK(1)"


def test_come_back_mended_once_and_twice(manager, house, creditor_id):  # noqa: F811
    page = manager.drop(REJECTED).headers["location"]
    head, *rows = as_csv(manager.get(f"{page}/rejects.csv").content)
    amount, phone, kvk = head.index("Bedrag"), head.index("Telefoon"), head.index("KvK-nummer")
    rows[0][amount], rows[1][amount], rows[2][kvk] = "5,00", "7,00", ""
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=";").writerows([head, *rows])
    second = manager.drop(out.getvalue().encode()).headers["location"]
    assert claims(house, creditor_id) == [("F1", 10_000), ("F2", 500), ("F4", 10_000)]
    head, *rows = as_csv(manager.get(f"{second}/rejects.csv").content)
    assert [row[0] for row in rows] == ["4"]  # its number in the first file, not in the second
    assert head[:2] == list(MARKS)
    rows[0][phone] = ""
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=";").writerows([head, *rows])
    manager.drop(out.getvalue().encode())
    assert claims(house, creditor_id) == [("F1", 10_000), ("F2", 500), ("F3", 700), ("F4", 10_000)]


def test_come_as_a_workbook_of_texts(manager):  # noqa: F811
    page = manager.drop(REJECTED).headers["location"]
    book = CalamineWorkbook.from_filelike(io.BytesIO(manager.get(f"{page}/rejects.xlsx").content))
    head, *rows = book.get_sheet_by_index(0).to_python()
    assert head[0] == MARKS[0]
    assert rows[2][5] == "=HYPERLINK(1)"
    assert rows[0][3] == "0042"


def test_of_several_sheets_say_which_and_come_back(manager, house, creditor_id):  # noqa: F811
    page = manager.drop(several_sheets(), name="posten.xlsx").headers["location"]
    asked = manager.get(page)
    assert "everal sheets could hold the claims" in asked.text
    assert "F2" in manager.get(f"{page}?sheet=September").text
    together = manager.get(f"{page}?sheet=*").text
    assert "2:2" in together
    answers = {
        f"column_{at}": field
        for at, field in enumerate(("invoice_number", "debtor_name", "due_on", "amount"))
    }
    manager.post(f"{page}/mapping", answers | {"sheet": "*", "profile": "Posten"})
    assert claims(house, creditor_id) == [("F1", 1_000), ("F2", 2_000)]
    head, row = as_csv(manager.get(f"{page}/rejects.csv").content)
    assert row[0] == "4:5"
    row[head.index("Klantnaam")] = "Willems"
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=";").writerows([head, row])
    manager.drop(out.getvalue().encode())
    assert claims(house, creditor_id) == [("F1", 1_000), ("F2", 2_000), ("F3", 3_000)]


SHEET_ANSWERS = {
    f"column_{at}": field
    for at, field in enumerate(("invoice_number", "debtor_name", "due_on", "amount"))
} | {"sheet": "*", "profile": "Posten"}  # fmt: skip


def test_every_sheet_is_shown_as_it_will_be_read(manager):  # noqa: F811
    page = manager.drop(several_sheets(), name="posten.xlsx").headers["location"]
    shown = manager.get(f"{page}?sheet=*").text
    assert re.findall(r'<h3 id="sheet-\d"[^>]*>([^<]+)', shown) == [
        "Uitleg", "Augustus", "Betaald", "September",
    ]  # fmt: skip
    assert shown.count("Will be read") == 2
    assert shown.count("Leave out this sheet") == 2
    assert "Nothing in it is recognised as claims." in shown
    for place in ("2:2", "4:4", "4:5"):
        assert place in shown
    answers = SHEET_ANSWERS | {"leave_out_1": "true"}
    without = manager.post(f"{page}/mapping/preview", answers).text
    assert "Left out" in without
    assert 'name="leave_out_1" value="true" checked' in without
    assert "F1" in without  # what is left out can still be looked at


def test_a_sheet_that_is_left_out_is_not_read_now_or_later(manager, house, creditor_id):  # noqa: F811
    page = manager.drop(several_sheets(), name="posten.xlsx").headers["location"]
    nothing = SHEET_ANSWERS | {"leave_out_1": "true", "leave_out_3": "true"}
    refused = manager.post(f"{page}/mapping", nothing)
    assert (refused.status_code, "eave at least one sheet in" in refused.text) == (422, True)
    manager.post(f"{page}/mapping", SHEET_ANSWERS | {"leave_out_1": "true"})
    assert claims(house, creditor_id) == [("F2", 2_000)]


def test_of_another_creditor_do_not_exist(manager, house):  # noqa: F811
    page = manager.drop(REJECTED).headers["location"]
    stranger = Browser(house, house.creditor("Watt"), Role.CREDITOR_MANAGER)
    for path in ("rejects.csv", "rejects.xlsx"):
        assert stranger.get(f"{page}/{path}").status_code == 404
    assert stranger.post(f"{page}/cancel").status_code == 404


class TestStopping:
    @pytest.fixture
    def waiting(self, house, creditor_id):  # noqa: F811
        with house.units.open(Door.CREDITOR, by="user:test", creditor_id=creditor_id) as unit:
            placed = receive(
                unit, house.ports.files, creditor_id=creditor_id, name="groot.csv",
                content=a_file(a_row("F1")), bytes_max=10**6,
            )  # fmt: skip
        return f"/creditor/placements/{placed.placement_id}"

    def test_is_offered_while_a_file_is_read_and_leaves_nothing(self, manager, waiting, house, creditor_id):  # noqa: F811
        assert "Stop reading" in manager.get(waiting).text
        manager.post(f"{waiting}/cancel")
        assert "You stopped the reading" in manager.get(waiting).text
        assert "Stop reading" not in manager.get(waiting).text
        assert claims(house, creditor_id) == []

    def test_comes_too_late_for_a_file_that_was_read(self, manager):  # noqa: F811
        page = manager.drop(REJECTED).headers["location"]
        manager.post(f"{page}/cancel")
        assert "was not stopped" in manager.get(page).text


def test_are_told_in_french_to_a_creditor_who_writes_french(manager, house, creditor_id):  # noqa: F811
    with house.units.open(Door.STAFF, by="system:test") as unit:
        unit.session.connection().execute(
            text("UPDATE creditor SET language = 'fr' WHERE id = :c"), {"c": creditor_id}
        )
    page = manager.drop(REJECTED).headers["location"]
    _, first, *_ = as_csv(manager.get(f"{page}/rejects.csv").content)
    assert first[1] == "Bedrag n’est pas un montant"
    assert manager.get(page).text.count("n’est pas un montant") == 0  # the pages are Dutch and English
