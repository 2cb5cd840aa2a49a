"""Open items by number only and the list of debtors, put together into one list."""

import csv
import io

import pytest

from agency.intake.columns import propose
from agency.intake.joining import NO_NAMES_IN_LIST, NO_NUMBER_SHARED, join_debtors
from agency.intake.reading import Table, read_table
from agency.kernel.errors import Invalid
from tests.intake.test_open_items import workbook

pytestmark = pytest.mark.pure

SAP = (
    "Company Code 1000;;;;;;",
    "",
    "Customer;Document Number;Document Date;Net Due Date;Amount in Local Currency;Local Currency;Text",
    "0000100234;90000112;02.03.2026;01.04.2026;1.210,00;EUR;Levering",
    "0000100235;90000113;05.03.2026;04.04.2026;605,00;EUR;",
    "0000100239;90000114;05.03.2026;04.04.2026;70,00;EUR;",
)
DEBTORS = (
    "Customer;Name 1;Street;Postal Code;City;Credit limit",
    "100234;Bakkerij De Vries;Dorpsstraat 1;3511 AA;Utrecht;5.000,00",
    "100235;Jansen Bouw;Kade 5;3011 AB;Rotterdam;0,00",
    "100236;Visser;Laan 7;2511 CD;Den Haag;0,00",
)


def text(*lines: str) -> Table:
    return read_table("\r\n".join(lines).encode())


def joined(items: Table, debtors: Table) -> Table:
    return read_table(join_debtors(items, debtors))


class TestJoining:
    def test_puts_name_and_address_beside_each_item_and_nothing_else(self):
        table = joined(text(*SAP), text(*DEBTORS))
        assert table.headers[-4:] == ("Name 1", "Street", "Postal Code", "City")
        rows = {cells[1]: cells for _, cells in table.rows}
        assert list(rows["90000112"][-4:]) == ["Bakkerij De Vries", "Dorpsstraat 1", "3511 AA", "Utrecht"]
        assert not any(rows["90000114"][-4:])

    def test_keeps_the_line_of_each_row_in_the_creditors_own_file(self):
        items = text(*SAP)
        before = [number for number, _ in text(*SAP).rows]
        assert [number for number, _ in joined(items, text(*DEBTORS)).rows] == before == [4, 5, 6]

    def test_makes_a_list_whose_columns_are_proposed(self):
        table = joined(text(*SAP), text(*DEBTORS))
        columns = propose(table.headers, table.sample).columns
        assert (columns["debtor_name"], columns["debtor_reference"]) == ("Name 1", "Customer")
        assert columns["amount"] == "Amount in Local Currency"

    def test_finds_the_numbers_by_their_values_whatever_their_columns_are_called(self):
        items = text("Stuk;X;Openstaand", "F1;A-12;10,00", "F2;A-13;20,00")
        debtors = text("Nr;Naam;Kode", "1;Maas;A-13", "2;Peters;A-12", "3;Jacobs;A-14")
        assert {cells[0]: cells[3] for _, cells in joined(items, debtors).rows} == {
            "F1": "Peters", "F2": "Maas",
        }  # fmt: skip

    def test_takes_the_numbers_that_are_called_after_the_debtor_before_others(self):
        items = text("Factuur;Debiteurnr;Aanmaning;Openstaand", "F1;2;1;10,00", "F2;1;2;20,00")
        debtors = text("Debiteurnr;Naam", "1;Maas", "2;Peters")
        assert {cells[0]: cells[4] for _, cells in joined(items, debtors).rows} == {
            "F1": "Peters", "F2": "Maas",
        }  # fmt: skip

    def test_numbers_of_a_workbook_are_those_of_a_text(self):
        items = workbook(["Debiteurnr", "Factuur", "Openstaand"], [100234, 26001, 12.5], [100235, 26002, 605])
        table = joined(items, text(*DEBTORS))
        assert [list(cells[:4]) for _, cells in table.rows] == [
            ["100234", "26001", "12.5", "Bakkerij De Vries"],
            ["100235", "26002", "605", "Jansen Bouw"],
        ]

    def test_a_number_of_two_debtors_names_neither(self):
        debtors = text(
            *DEBTORS[:3], "100236;Visser;;;;", "100237;A B;;;;", "100238;C D;;;;", "100240;E F;;;;",
            "100241;G H;;;;", "100242;I J;;;;", "100243;K L;;;;", "100235;Jansen Dakwerken;;;;",
        )  # fmt: skip
        rows = {cells[1]: cells[7] for _, cells in joined(text(*SAP), debtors).rows}
        assert (rows["90000112"], rows["90000113"]) == ("Bakkerij De Vries", "")

    def test_the_same_debtor_twice_is_one(self):
        debtors = text(*DEBTORS, DEBTORS[1], *(f"10030{at};Naam {at};;;;" for at in range(9)))
        rows = {cells[1]: cells[7] for _, cells in joined(text(*SAP), debtors).rows}
        assert rows["90000112"] == "Bakkerij De Vries"

    def test_a_header_that_both_have_is_told_apart(self):
        items = text("Debiteurnr;City;Factuur;Openstaand", "100234;;F1;10,00", "100235;;F2;20,00")
        content = join_debtors(items, text(*DEBTORS)).decode("utf-8-sig")
        head = next(csv.reader(io.StringIO(content), delimiter=";"))
        assert (head[1], head[-1]) == ("City", "City (2)")

    @pytest.mark.parametrize(
        ("debtors", "reason"),
        [
            (("Customer;City", "100234;Utrecht", "100235;Breda"), NO_NAMES_IN_LIST),
            (("Customer;Name 1", "7;Maas", "8;Peters"), NO_NUMBER_SHARED),
            (("Customer;Name 1", "100234;Maas", "8;Peters"), NO_NUMBER_SHARED),
        ],
    )
    def test_lists_that_do_not_fit_are_refused(self, debtors, reason):
        with pytest.raises(Invalid) as refused:
            join_debtors(text(*SAP), text(*debtors))
        assert (refused.value.message, refused.value.field) == (reason, "debtors")
