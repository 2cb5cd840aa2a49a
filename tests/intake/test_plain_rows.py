"""What is found a column at a time is what checking row by row finds."""

import csv
import io
import random
from datetime import date

import polars as pl
import polars.testing
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agency.intake import beside, chunks
from agency.intake.findings import FINDING_COLUMNS
from agency.intake.mapping import Mapped
from agency.intake.plain_rows import _FIELDS, PlainRows
from agency.intake.reading import Progress, Table
from agency.intake.rows import Habits, RowChecker
from tests.intake.test_checks import a_bsn, a_register_number, dotted

pytestmark = [pytest.mark.pure, pytest.mark.thorough]
TODAY = date(2026, 6, 1)
BORN = dotted(a_register_number(date(1985, 7, 30), 33))

CELLS = {
    "invoice_number": ["F1", "F-2026/7", "0007", "12.0", " F 1 ", "F  1", "É1", "a\x07b", "x" * 81, "",
                       "'0012", "2.6E+11", "=?"],
    "claim_reference": ["D1", "", "D 2", "7.0", BORN, a_bsn(2)],
    "document_kind": ["factuur", "invoice", "creditnota", "", "ding", "F"],
    "billing_reference": ["", "", "", "F1"],
    "amount": ["12.50", "12,50", "1.234", "1.234,56", "€ 5,00", "-3,00", "0,00", "", "100", "999999999,99",
               "0000121000", "=?", "9,99", "10,00",
               "250000,00", "250000,01",
               "9999999999999,00", "1,005", "x", "USD 10,00", "EUR 10,00"],
    "total": ["", "12.50", "2000,00", "-2000,00", "1", "x"],
    "currency": ["", "EUR", "eur", "€", "USD", "XYZ"],
    "issued_on": ["01-05-2026", "2026-05-01", "1-5-2026", "31-02-2026", "", "01-05-2036", "20260501",
                  "May 1, 2026", "vr 1 mei 2026", "01052026", "46143",
                  "1900-01-01", "9999-12-31"],
    "due_on": ["31-05-2026", "2026-05-31", "", "01-01-2026", "01-01-2029", "05/13/2026", "2026-13-01",
               "01-01-2019", "20-06-2021", "01-07-2026", "31-12-9999", "2199-12-31"],
    "contract_on": ["", "0001-01-01", "01-04-2026", "2026-04-01", "01-07-2026", "ooit"],
    "debtor_reference": ["0007", "", "K 7", f"BSN {a_bsn(3)}", f"bsn: {a_bsn(4)}", "BSN 12345678"],
    "debtor_kind": ["bedrijf", "consument", "", "zzp", "ding"],
    "debtor_name": ["Bakkerij Jansen B.V.", "Jansen BV", "Jan de Vries", "A B C", "Café 't Hoekje", "", "=?",
                    "N.V.", "b v", "De b v", "O'Neill_Bouw NV", "J. van den Berg", "Kok Bouw 12 B.V.", "!!",
                    "Vos A B.V.", "x" * 201, f"Vos {BORN}"],
    "registration_number": ["", "12345678", "KVK 12345678", "1", "0403.170.701", "732829320", "732829321"],
    "vat_number": ["", "NL004495445B01", "BE0403170701", "NL1", "FR44732829320"],
    "iban": ["", "NL91ABNA0417164300", "NL00ABNA0417164300", "BE68539007547034", "nl91abna0417164300",
             "NL56XXXX0417164300", "BE54000000000097", "DE89370400440532013000"],
    "language": ["", "nl", "Frans", "xx"],
    "country": ["", "NL", "nl", "België", "BE", "DE", "FR", "XX"],
    "street": ["", "Kerkweg", "Rue du Bac"],
    "house_number": ["", "12", "12 a"],
    "postal_code": ["", "1012 AB", "1012ab", "1012AB", "1012 SS", "2000", "4000", "B-1000", "12",
                    "75001", "99123"],
    "city": ["", "Gent", " Den  Haag "],
    "email": ["", "a@b.example", "A@B.Example", "geen", "a..b@c.nl", "x" * 65 + "@b.nl",
              "a@b.nl", "a@example.com", "a@Shop.Example.ORG", "a@notexample.com"],
    "phone": ["", "0612345678", "+31612345678", "0032 2 555 12 12", "12", "0012345678", "+447911123456",
              "+12125550123"],
    "description": ["", "Levering 1", "Levering  1", "x" * 501, "regel\nregel", f"BSN {a_bsn(5)}", a_bsn(6),
                    f"geboren {BORN}", f"factuur {a_bsn(7)}", "Klant is ziek", "Burn-out, zegt hij",
                    "café, MALADE", "Straße: krank", "ziekenhuisbed", "dépressif", "kanker\u0301"],
    "disputed": ["", "ja", "nee", "x", "wat"],
    "dispute_reason": ["", "niet geleverd", "zij is zwanger", f"mevrouw {a_bsn(8)}"],
    "reminder_1_on": ["", "01-03-2026", "2026-03-01", "01-07-2026", "x"],
    "reminder_2_on": ["", "15-03-2026"],
    "reminder_channel": ["", "e-mail", "brief", "duif"],
    "notice_on": ["", "01-04-2026", "31-02-2026"],
    "notice_days": ["", "14", "15,5", "0", "x"],
    "notice_costs": ["", "40,00", "x"],
    "notice_complete": ["", "ja", "wat"],
    "insurer": ["", "Atradius"],
    "policy_number": ["", "P-1"],
    "covered_percent": ["", "90", "190"],
    "indemnity_percent": ["", "80"],
    "notify_by": ["", "01-07-2026"],
    "notified_on": ["", "01-05-2026", "01-07-2026"],
}  # fmt: skip
USUAL = {
    "invoice_number": "F1", "amount": "12,50", "currency": "EUR", "issued_on": "01-05-2026",
    "due_on": "31-05-2026",
    "debtor_name": "Jan de Vries", "debtor_kind": "consument", "document_kind": "factuur", "country": "NL",
}  # fmt: skip
FIELDS = tuple(CELLS)


FOREIGN = {
    "country": "FR", "postal_code": "75001", "registration_number": "732829320",
    "vat_number": "FR44732829320", "iban": "DE89370400440532013000", "phone": "+447911123456",
}  # fmt: skip
INSURED = {"insurer": "Atradius", "policy_number": "P-1", "covered_percent": "90", "notify_by": "01-07-2026"}
WARNED = {"reminder_1_on": "01-03-2026", "notice_on": "01-04-2026", "notice_days": "14"}


@st.composite
def a_row(draw):
    """Mostly usual cells, now and then any other, so that rows are refused for one reason and not for ten."""
    row = {field: USUAL.get(field, "") for field in FIELDS}
    for more in draw(st.sets(st.sampled_from(range(3)), max_size=2)):
        row |= (FOREIGN, INSURED, WARNED)[more]
    for field in draw(st.sets(st.sampled_from(FIELDS), max_size=4)):
        row[field] = draw(st.sampled_from(CELLS[field]))
    if draw(st.integers(0, 9)) == 0:
        row[draw(st.sampled_from(("debtor_name", "description", "city")))] = draw(st.text(max_size=12))
    return row


def both_ways(rows, mapped, habits):
    """Rows, rejects and findings of a table that is checked column by column, and row by row."""
    fields = list(mapped.columns)
    numbered = [(number, [row[field] for field in fields]) for number, row in enumerate(rows, start=2)]
    found = []
    for worth_columns in (1, len(rows) + 1):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(chunks, "WORTH_COLUMNS", worth_columns)
            checker = RowChecker(mapped=mapped, habits=habits, today=TODAY)
            table = Table(tuple(fields), iter(numbered), Progress(1))
            (chunk,) = chunks.chunks_of_table(table, mapped, checker)
        assert chunk.rows == len(rows)
        parts = (chunk.checked, chunk.rejects, chunk.findings)
        found.append([{tuple(line) for line in csv.reader(io.StringIO(part.decode()))} for part in parts])
    return found


@settings(max_examples=150)
@given(
    rows=st.lists(a_row(), min_size=1, max_size=8),
    sign=st.sampled_from([None, ",", "."]),
    order=st.sampled_from(["day", "month"]),
    country=st.sampled_from(["NL", "BE"]),
    kind=st.sampled_from([None, "company"]),
    absent=st.sets(st.sampled_from(FIELDS[3:]), max_size=6),
)
def test_columns_and_rows_give_the_same_rows_rejects_and_findings(rows, sign, order, country, kind, absent):
    fields = [field for field in FIELDS if field not in absent]
    if {"issued_on", "due_on"} <= absent or absent & {"debtor_name", "amount"}:
        return
    mapped = Mapped(
        columns={field: field for field in fields},
        decimal_sign=sign,
        date_order=order,
        defaults={"debtor_kind": kind} if kind else {},
    )
    by_columns, by_rows = both_ways(rows, mapped, Habits(country=country, language="fr"))
    for name, one, other in zip(("rows", "rejects", "findings"), by_columns, by_rows, strict=True):
        assert one == other, name


@pytest.mark.parametrize("country", ["NL", "BE"])
def test_every_cell_among_usual_ones_in_one_table(country):
    usual = {field: USUAL.get(field, "") for field in FIELDS} | {"country": country}
    rows = [
        usual | more | {field: cell}
        for more in ({}, FOREIGN, INSURED | WARNED, {"debtor_kind": "bedrijf"})
        for field in FIELDS
        for cell in CELLS[field]
    ]
    mapped = Mapped(columns={field: field for field in FIELDS}, decimal_sign=",")
    by_columns, by_rows = both_ways(rows, mapped, Habits(country=country, language="fr"))
    for name, one, other in zip(("rows", "rejects", "findings"), by_columns, by_rows, strict=True):
        assert len(one) > 50
        assert one == other, name


SEEN = {
    "iban": ["NL56XXXX0417164300", "BE54000000000097", "DE89370400440532013000"],
    "email": ["a@b.example", "a@example.com"],
    "phone": ["+447911123456"],
    "description": [f"BSN {a_bsn(5)}", "Klant is ziek", "café, MALADE", "dépressif"],
    "due_on": ["01-01-2019", "01-07-2026"],
    "amount": ["9,99", "250000,01"],
    "registration_number": ["12345678"],
    "vat_number": ["BE0403170701"],
    "reminder_1_on": ["01-03-2026"],
}


@pytest.mark.parametrize(("field", "cell"), [(field, cell) for field in SEEN for cell in SEEN[field]])
def test_a_remark_takes_no_row_out_of_the_columns(field, cell):
    mapped = Mapped(columns={field: field for field in FIELDS}, decimal_sign=",")
    row = {name: USUAL.get(name, "") for name in FIELDS} | {field: cell}
    if field == "due_on":
        row["issued_on"] = "01-01-2019"
    checker = RowChecker(mapped=mapped, habits=Habits(country="NL", language="nl"), today=TODAY)
    places = {name: place for place, name in enumerate(FIELDS)}
    sifted = PlainRows(checker, places, len(FIELDS)).sift([(2, list(row.values()))])
    assert (sifted.plain.height, sifted.others) == (1, [])
    assert tuple(sifted.findings.columns) == FINDING_COLUMNS
    told = set(sifted.findings["field"])
    assert told == (set() if field == "reminder_1_on" else {field}), told
    assert (sifted.plain["beside"].item() is not None) == (field == "reminder_1_on")
    assert a_bsn(5) not in f"{sifted.plain.rows()} {sifted.findings.rows()}"


def test_every_field_that_a_row_can_tell_has_a_way_by_columns():
    checker = RowChecker(mapped=Mapped(columns={}), habits=Habits(country="NL", language="nl"), today=TODAY)
    told = set(checker._parsers) - {"period"}  # read only where rows have no numbers, and row by row there
    assert told == {*_FIELDS, *beside.FIELDS}
    assert set(CELLS) == told
    rents = Mapped(columns={"debtor_reference": "a", "period": "b"}, known_by="month")
    by_rows = RowChecker(mapped=rents, habits=Habits(country="NL", language="nl"), today=TODAY)
    assert not PlainRows(by_rows, {}, 2).possible


def test_usual_rows_need_no_second_look():
    mapped = Mapped(columns={field: field for field in FIELDS}, decimal_sign=",")
    checker = RowChecker(mapped=mapped, habits=Habits(country="NL", language="nl"), today=TODAY)
    row = [USUAL.get(field, "") for field in FIELDS]
    sifted = PlainRows(checker, {field: place for place, field in enumerate(FIELDS)}, len(FIELDS)).sift(
        [(number, row) for number in range(2, 300)]
    )
    assert (sifted.plain.height, sifted.others) == (298, [])


def test_rows_of_another_width_or_of_typed_cells_are_looked_at_one_by_one():
    mapped = Mapped(
        columns={"invoice_number": "a", "debtor_name": "b", "amount": "c", "due_on": "d"}, decimal_sign=","
    )
    checker = RowChecker(mapped=mapped, habits=Habits(country="NL", language="nl"), today=TODAY)
    plain = PlainRows(checker, {field: place for place, field in enumerate(mapped.columns)}, 4)
    short, good = (2, ["F1", "Jansen"]), (3, ["F2", "Jansen", "1,00", "31-05-2026"])
    sifted = plain.sift([short, good])
    assert (sifted.plain["row"].to_list(), sifted.others) == ([3], [short])
    typed = (2, ["F1", "Jansen", "1,00", date(2026, 5, 31)])
    assert plain.sift([typed, good]).others == [typed, good]


def test_the_same_rows_pass_in_any_order():
    rng = random.Random(5)
    mapped = Mapped(columns={field: field for field in FIELDS}, decimal_sign=",")
    rows = [
        (n, [rng.choice(CELLS[field] + [USUAL.get(field, "")] * 30) for field in FIELDS])
        for n in range(2, 300)
    ]
    places = {field: place for place, field in enumerate(FIELDS)}

    def sifted(some):
        checker = RowChecker(mapped=mapped, habits=Habits(country="NL", language="nl"), today=TODAY)
        return PlainRows(checker, places, len(FIELDS)).sift(some).plain.sort("row")

    forwards = sifted(rows)
    assert 20 < forwards.height < 298
    pl.testing.assert_frame_equal(forwards, sifted(rows[::-1]))


def test_a_column_in_another_currency_is_plainly_right_nowhere():
    headers = {field: field for field in USUAL} | {"amount": "Amount (USD)"}
    mapped = Mapped(columns=headers, decimal_sign=",")
    checker = RowChecker(mapped=mapped, habits=Habits(country="NL", language="nl"), today=TODAY)
    columns = {field: at for at, field in enumerate(USUAL)}
    sifted = PlainRows(checker, columns, len(USUAL)).sift([(2, list((USUAL | {"currency": ""}).values()))])
    assert (sifted.plain.height, len(sifted.others)) == (0, 1)
