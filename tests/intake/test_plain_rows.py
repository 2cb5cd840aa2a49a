"""What is found a column at a time is what checking row by row finds."""

import random
from datetime import date

import polars as pl
import polars.testing
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agency.intake.mapping import Mapped
from agency.intake.plain_rows import PlainRows
from agency.intake.rows import STAGED, Habits, RowChecker

pytestmark = pytest.mark.pure
TODAY = date(2026, 6, 1)

CELLS = {
    "invoice_number": ["F1", "F-2026/7", "0007", "12.0", " F 1 ", "F  1", "É1", "a\x07b", "x" * 81, ""],
    "claim_reference": ["D1", "", "D 2", "7.0"],
    "document_kind": ["factuur", "invoice", "creditnota", "", "ding", "F"],
    "billing_reference": ["", "", "", "F1"],
    "amount": ["12.50", "12,50", "1.234", "1.234,56", "€ 5,00", "-3,00", "0,00", "", "100", "999999999,99",
               "9999999999999,00", "1,005", "x"],
    "total": ["", "12.50", "2000,00", "-2000,00", "1", "x"],
    "currency": ["", "EUR", "eur", "€", "USD", "XYZ"],
    "issued_on": ["01-05-2026", "2026-05-01", "1-5-2026", "31-02-2026", "", "01-05-2036", "20260501",
                  "1900-01-01"],
    "due_on": ["31-05-2026", "2026-05-31", "", "01-01-2026", "01-01-2029", "05/13/2026", "2026-13-01"],
    "debtor_reference": ["0007", "", "K 7"],
    "debtor_kind": ["bedrijf", "consument", "", "zzp", "ding"],
    "debtor_name": ["Bakkerij Jansen B.V.", "Jansen BV", "Jan de Vries", "A B C", "Café 't Hoekje", "",
                    "N.V.", "b v", "De b v", "O'Neill_Bouw NV", "J. van den Berg", "Kok Bouw 12 B.V.", "!!",
                    "Vos A B.V.", "x" * 201],
    "registration_number": ["", "12345678", "KVK 12345678", "1", "0403.170.701"],
    "vat_number": ["", "NL004495445B01", "BE0403170701", "NL1"],
    "iban": ["", "NL91ABNA0417164300", "NL00ABNA0417164300", "BE68539007547034", "nl91abna0417164300"],
    "language": ["", "nl", "Frans", "xx"],
    "country": ["", "NL", "nl", "België", "BE", "DE", "XX"],
    "street": ["", "Kerkweg", "Rue du Bac"],
    "house_number": ["", "12", "12 a"],
    "postal_code": ["", "1012 AB", "1012ab", "1012AB", "1012 SS", "2000", "4000", "B-1000", "12"],
    "city": ["", "Gent", " Den  Haag "],
    "email": ["", "a@b.example", "A@B.Example", "geen", "a..b@c.nl", "x" * 65 + "@b.nl"],
    "phone": ["", "0612345678", "+31612345678", "0032 2 555 12 12", "12", "0012345678"],
    "description": ["", "Levering 1", "Levering  1", "x" * 501, "regel\nregel"],
    "disputed": ["", "ja", "nee", "x", "wat"],
    "dispute_reason": ["", "niet geleverd"],
}  # fmt: skip
USUAL = {
    "invoice_number": "F1", "amount": "12,50", "currency": "EUR", "issued_on": "01-05-2026",
    "due_on": "31-05-2026",
    "debtor_name": "Jan de Vries", "debtor_kind": "consument", "document_kind": "factuur", "country": "NL",
}  # fmt: skip
FIELDS = tuple(CELLS)


def a_row():
    """Mostly usual cells, now and then any other, so that rows are refused for one reason and not for ten."""
    return st.fixed_dictionaries(
        {
            field: st.sampled_from([USUAL.get(field, "")] * 8 + cells) | st.text(max_size=12)
            if field in ("debtor_name", "description", "city")
            else st.sampled_from([USUAL.get(field, "")] * 8 + cells)
            for field, cells in CELLS.items()
        }
    )


@settings(max_examples=60)
@given(
    rows=st.lists(a_row(), min_size=1, max_size=8),
    sign=st.sampled_from([None, ",", "."]),
    order=st.sampled_from(["day", "month"]),
    country=st.sampled_from(["NL", "BE"]),
    kind=st.sampled_from([None, "company"]),
    absent=st.sets(st.sampled_from(FIELDS[3:]), max_size=6),
)
def test_columns_and_rows_agree(rows, sign, order, country, kind, absent):
    fields = [field for field in FIELDS if field not in absent]
    if {"issued_on", "due_on"} <= absent or absent & {"debtor_name", "amount"}:
        return
    mapped = Mapped(
        columns={field: field for field in fields},
        decimal_sign=sign,
        date_order=order,
        defaults={"debtor_kind": kind} if kind else {},
    )
    checker = RowChecker(mapped=mapped, habits=Habits(country=country, language="fr"), today=TODAY)
    sifted = PlainRows(checker, {field: place for place, field in enumerate(fields)}, len(fields)).sift(
        [(number, [row[field] for field in fields]) for number, row in enumerate(rows, start=2)]
    )
    found = {row[0]: row for row in sifted.plain.rows()}
    assert len(found) + len(sifted.others) == len(rows)
    for number, row in enumerate(rows, start=2):
        checked = checker.check(number, {field: row[field] for field in fields})
        if number in found:
            assert isinstance(checked, tuple), checked
            assert dict(zip(STAGED, found[number], strict=True)) == dict(zip(STAGED, checked, strict=True))


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
