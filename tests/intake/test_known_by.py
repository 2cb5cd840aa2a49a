"""Lines without invoice numbers: a landlord's list, known by tenant and month."""

from datetime import date
from decimal import Decimal

import pytest

from agency.claims.opening import ALIKE
from agency.intake.amounts import NotUnderstood
from agency.intake.known_by import NOT_A_MONTH, day_in, month_of, number_of_line, stands_twice
from agency.intake.mapping import Mapped, UnclearColumns, check_columns, missing_fields, recognise
from agency.intake.reading import read_table
from tests.intake.factories import a_creditor, a_file, place, rows_of

HEADERS = "Huurdernummer;Naam huurder;Adres;Postcode;Plaats;Huurmaand;Openstaand"
COLUMNS = {
    "debtor_reference": "Huurdernummer",
    "debtor_name": "Naam huurder",
    "street": "Adres",
    "postal_code": "Postcode",
    "city": "Plaats",
    "period": "Huurmaand",
    "amount": "Openstaand",
}
BY_MONTH = Mapped(columns=COLUMNS, decimal_sign=",", known_by="month", pay_day=1)


def a_line(tenant="10234", *, name="J. de Wit", month="2026-08", amount="612,40") -> str:
    return f"{tenant};{name};Kastanjelaan 4;1012 AB;Amsterdam;{month};{amount}"


@pytest.mark.pure
class TestAMonth:
    @pytest.mark.parametrize(
        "cell",
        ["2026-10", "202610", Decimal(202610), "10-2026", "10/2026", "2026/10", "okt-26", "Oktober 2026",
         "okt. 2026", "OKT '26", "octobre 2026", "01-10-2026", "31-10-2026", date(2026, 10, 15)],
    )  # fmt: skip
    def test_is_read_however_it_is_written(self, cell):
        assert month_of(cell, order="day") == date(2026, 10, 1)

    @pytest.mark.parametrize("cell", ["oktober", "10", "10-26", "2026", "2026-13", "Q4 2026", "", "1026-10"])
    def test_without_its_year_or_in_two_ways_is_refused(self, cell):
        with pytest.raises(NotUnderstood, match=r"month with its year") as refused:
            month_of(cell, order="day")
        assert refused.value.reason == NOT_A_MONTH

    def test_is_paid_on_its_last_day_where_it_is_shorter(self):
        assert day_in(date(2026, 2, 1), 31) == date(2026, 2, 28)
        assert day_in(date(2026, 2, 1), 5) == date(2026, 2, 5)

    def test_makes_a_number_with_the_tenant(self):
        found = {"debtor_reference": "10234", "period": date(2026, 10, 1), "description": None}
        assert number_of_line("month", found) == "10234/2026-10"
        assert number_of_line("month_description", found) is None


@pytest.mark.pure
class TestWhatIsAsked:
    def test_without_numbers_nothing_is_read_unasked(self):
        table = read_table(a_file(a_line(), a_line("10235", name="M. Smit"), headers=HEADERS))
        with pytest.raises(UnclearColumns) as asked:
            recognise(table.headers, table.sample)
        assert asked.value.field == "invoice_number"

    def test_a_month_needs_a_day_to_pay_by(self):
        assert missing_fields(Mapped(columns=COLUMNS, known_by="month")) == ["due_on"]
        assert missing_fields(BY_MONTH) == []
        with pytest.raises(UnclearColumns):
            check_columns(Mapped(columns=COLUMNS, known_by="due_day", pay_day=1), list(COLUMNS.values()))

    def test_a_number_column_goes_before_all_else(self):
        numbered = Mapped(columns={**COLUMNS, "invoice_number": "Plaats"}, known_by="month")
        assert not numbered.works_out_numbers
        assert BY_MONTH.labels["invoice_number"] == "Huurdernummer + Huurmaand"

    def test_rows_of_one_tenant_and_month_are_seen(self):
        headers = tuple(HEADERS.split(";"))
        one, other, later = (
            (at, a_line(month=month).split(";")) for at, month in enumerate(("2026-08", "2026-08", "2026-09"))
        )
        assert stands_twice("month", COLUMNS, headers, [one, other])
        assert not stands_twice("month", COLUMNS, headers, [one, later])
        assert not stands_twice("", COLUMNS, headers, [one, other])


class TestAListOfRents:
    def test_becomes_claims_that_a_later_list_meets_again(self, units):
        creditor = a_creditor(units)
        lines = (a_line(), a_line(month="2026-09"), a_line("10235", name="M. Smit"))
        first = place(units, creditor, a_file(*lines, headers=HEADERS), mapped=BY_MONTH)
        assert first.counts == (3, 3, 0, 0, 0)
        known = rows_of(units, creditor, "SELECT number, due_on FROM invoice ORDER BY number")
        assert [tuple(row) for row in known] == [
            ("10234/2026-08", date(2026, 8, 1)),
            ("10234/2026-09", date(2026, 9, 1)),
            ("10235/2026-08", date(2026, 8, 1)),
        ]
        less, new = a_line(amount="312,40"), a_line("10236", name="A. Bos")
        later = place(
            units, creditor, a_file(less, lines[2], new, headers=HEADERS), mapped=BY_MONTH, name="later.csv"
        )
        assert later.counts == (3, 1, 1, 1, 0)

    def test_of_which_two_lines_cannot_be_told_apart_takes_neither(self, units):
        creditor = a_creditor(units)
        lines = (a_line(amount="45,00"), a_line(amount="45,00"), a_line("10235", name="M. Smit"))
        report = place(units, creditor, a_file(*lines, headers=HEADERS), mapped=BY_MONTH)
        assert report.counts == (3, 1, 0, 0, 2)
        assert report.rejects == [
            (2, "Huurdernummer + Huurmaand", ALIKE),
            (3, "Huurdernummer + Huurmaand", ALIKE),
        ]

    def test_of_which_such_lines_are_added_up_asks_their_sum(self, units):
        creditor = a_creditor(units)
        added = Mapped(columns=COLUMNS, decimal_sign=",", known_by="month", pay_day=31, repeats="added")
        lines = (a_line(amount="45,00"), a_line(amount="45,00"))
        report = place(units, creditor, a_file(*lines, headers=HEADERS), mapped=added)
        assert (report.created, report.rejected) == (1, 0)
        (row,) = rows_of(units, creditor, "SELECT open_minor, due_on FROM invoice")
        assert tuple(row) == (9000, date(2026, 8, 31))

    def test_names_column_and_reason_of_what_is_missing(self, units):
        creditor = a_creditor(units)
        lines = (a_line("", name="Zonder nummer"), a_line(month="augustus"), a_line("10235", name="M. Smit"))
        report = place(units, creditor, a_file(*lines, headers=HEADERS), mapped=BY_MONTH)
        assert report.counts == (3, 1, 0, 0, 2)
        assert report.rejects[0] == (2, "Huurdernummer", "is needed")
        assert (3, "Huurmaand", NOT_A_MONTH) in report.rejects

    def test_is_read_a_row_at_a_time_where_others_are_read_by_columns(self, units):
        creditor = a_creditor(units)
        lines = [a_line(f"{number}", name=f"Huurder {number}") for number in range(10_000, 10_400)]
        report = place(units, creditor, a_file(*lines, headers=HEADERS), mapped=BY_MONTH)
        assert report.counts == (400, 400, 0, 0, 0)
