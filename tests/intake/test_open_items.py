"""Open-items lists as bookkeeping packages print them: groups, pages, several amount columns and sheets."""

import io
import zipfile
from datetime import date
from decimal import Decimal

import pytest
import xlsxwriter

from agency.intake.amount_columns import AGED, LEFT, NET, SIGNED
from agency.intake.amounts import FILLED_UP, FOREIGN, TOO_MANY_DECIMALS, parse_amount
from agency.intake.columns import propose
from agency.intake.doubts import NO_NAMES, PARTLY_PAID, SOME_PAID, WITHOUT_VAT
from agency.intake.grouped import NAME_ABOVE, NUMBER_ABOVE, debtor_of
from agency.intake.mapping import Mapped, UnclearColumns, as_written, recognise
from agency.intake.name_columns import JOINED
from agency.intake.preview import preview
from agency.intake.reading import Table, read_table
from agency.intake.rows import A_BALANCE, CREDITS_NOTHING, NOT_WORKED_OUT, Habits
from agency.intake.table import ALL_SHEETS, all_but, number_of, place_of
from agency.intake.workbook import look_at_sheets
from agency.ports.readers import Unreadable

pytestmark = pytest.mark.pure
TODAY = date(2026, 11, 2)
HABITS = Habits(country="BE", language="nl")


def understood(table: Table, mapped: Mapped | None = None) -> list[tuple[str, str, str]]:
    """Invoice, debtor and amount of each of the first rows, or the first reason why it is refused."""
    mapped = mapped or as_written(recognise(table.headers, table.sample), table.headers, table.sample)
    rows = preview(table.headers, table.sample, mapped=mapped, habits=HABITS, today=TODAY)
    return [
        (row.invoice_number, row.debtor, str(row.amount.decimal))
        if row.amount
        else (str(row.row), row.rejects[0].field, row.rejects[0].reason)
        for row in rows
    ]


def text(*lines: str) -> Table:
    return read_table("\r\n".join(lines).encode("cp1252"))


def as_saved(content: bytes) -> bytes:
    """A workbook as a spreadsheet program saves it: it does not ask to be worked out again, and a formula
    without a value has none."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as archive, zipfile.ZipFile(out, "w") as saved:
        for name in archive.namelist():
            part = archive.read(name).replace(b' fullCalcOnLoad="1"', b"")
            saved.writestr(name, part)
    return out.getvalue()


def workbook(*rows: list) -> Table:
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True, "default_date_format": "dd-mm-yyyy"})
    sheet = book.add_worksheet("Blad1")
    for at, row in enumerate(rows):
        sheet.write_row(at, 0, row)
    book.close()
    return read_table(out.getvalue())


class TestGroups:
    def test_with_a_heading_of_one_cell_subtotals_and_the_page_s_headers_again(self):
        table = text(
            "Openstaande posten debiteuren;;;;Pagina 1 van 2",
            "Administratie 100;;;;",
            "Factuurnr;Factuurdatum;Vervaldatum;Omschrijving;Openstaand",
            "10001 Bakkerij De Vries B.V.;;;;",
            "2026001;01-08-2026;31-08-2026;Levering week 31;1.250,00",
            "2026007;08-08-2026;07-09-2026;Levering week 32;99,95",
            "Subtotaal 10001;;;;1.349,95",
            "10002 Total Energies NV;;;;",
            "2026002;02-08-2026;01-09-2026;Onderhoud;12,50",
            "Openstaande posten debiteuren;;;;Pagina 2 van 2",
            "Administratie 100;;;;",
            "Factuurnr;Factuurdatum;Vervaldatum;Omschrijving;Openstaand",
            "10002 Total Energies NV (vervolg);;;;",
            "2026003;03-08-2026;02-09-2026;Onderhoud;20,00",
            "Subtotaal 10002;;;;32,50",
            "Eindtotaal;;;;1.382,45",
        )
        assert table.headers[:2] == (NUMBER_ABOVE, NAME_ABOVE)
        assert understood(table) == [
            ("2026001", "Bakkerij De Vries B.V.", "1250.00"),
            ("2026007", "Bakkerij De Vries B.V.", "99.95"),
            ("2026002", "Total Energies NV", "12.50"),
            ("2026003", "Total Energies NV", "20.00"),
        ]
        assert [cells[0] for _, cells in table.sample] == ["10001", "10001", "10002", "10002"]
        assert table.left_out == [4, 7, 8, 10, 11, 12, 13, 15, 16]

    def test_whose_heading_stands_in_columns_of_its_own(self):
        table = text(
            "Debiteur;Naam;Factuur;Datum;Vervaldatum;Valuta;Saldo",
            "1001;Jansen BV;;;;;",
            ";;F-1;01-08-2026;31-08-2026;EUR;100,00",
            ";;F-2;02-08-2026;01-09-2026;EUR;50,00",
            "Totaal 1001;Jansen BV;;;;EUR;150,00",
            "1002;Pieters & Zn;;;;;",
            ";;F-3;03-08-2026;02-09-2026;EUR;25,00",
            "Totaal 1002;;;;;EUR;25,00",
            "Totaal;;;;;EUR;175,00",
        )
        assert table.headers[0] == "Debiteur"
        mapped = Mapped(
            columns={
                "debtor_reference": "Debiteur",
                "debtor_name": "Naam",
                "invoice_number": "Factuur",
                "issued_on": "Datum",
                "amount": "Saldo",
            },
            decimal_sign=",",
        )
        assert understood(table, mapped) == [
            ("F-1", "Jansen BV", "100.00"),
            ("F-2", "Jansen BV", "50.00"),
            ("F-3", "Pieters & Zn", "25.00"),
        ]

    def test_in_a_workbook_with_numbers_as_numbers(self):
        table = workbook(
            ["Openstaande posten per", date(2026, 10, 31)],
            [],
            ["Factuur", "Factuurdatum", "Vervaldatum", "Bedrag"],
            [10001, "Jansen Installaties", "", ""],
            [26001, date(2026, 8, 1), date(2026, 8, 31), 100],
            [26002, date(2026, 8, 2), date(2026, 9, 1), 12.5],
            ["", "", "", 112.5],
            [10002, "Dubois SPRL", "tel 02 555 12 12", ""],
            [26003, date(2026, 8, 3), date(2026, 9, 2), 7],
            ["", "", "", 7],
        )
        assert understood(table) == [
            ("26001", "Jansen Installaties", "100.00"),
            ("26002", "Jansen Installaties", "12.50"),
            ("26003", "Dubois SPRL", "7.00"),
        ]

    def test_each_with_its_own_headers(self):
        table = text(
            "Liste des postes ouverts;;",
            "Client: C100 - Dubois SPRL;;",
            "N° facture;Échéance;Solde",
            "F1;31/08/2026;10,00",
            "Sous-total;;10,00",
            "Client: C200 - Lambert & Fils;;",
            "N° facture;Échéance;Solde",
            "F2;30/09/2026;20,00",
            "Sous-total;;20,00",
            "Total général;;30,00",
        )
        assert understood(table) == [("F1", "Dubois SPRL", "10.00"), ("F2", "Lambert & Fils", "20.00")]

    def test_words_between_invoices_are_no_debtor_and_what_follows_is_refused(self):
        """Nothing is claimed from the wrong debtor: what follows unclear words waits for a person."""
        table = text(
            "Factuurnr;Datum;Vervaldatum;Bedrag",
            "10001 Jansen BV;;;",
            "F1;01-08-2026;31-08-2026;10,00",
            "let op, in overleg;;;",
            "F2;01-08-2026;31-08-2026;11,00",
            "10002 Pieters NV;;;",
            "F3;01-08-2026;31-08-2026;12,00",
            "10003 Willems NV;;;",
            "F4;01-08-2026;31-08-2026;13,00",
            "10004 De Smet NV;;;",
            "F5;01-08-2026;31-08-2026;14,00",
        )
        found = understood(table)
        assert found[0] == ("F1", "Jansen BV", "10.00")
        assert found[1][0] == "4"
        assert found[2] == ("5", NAME_ABOVE, "is needed")
        assert found[3:] == [
            ("F3", "Pieters NV", "12.00"), ("F4", "Willems NV", "13.00"), ("F5", "De Smet NV", "14.00"),
        ]  # fmt: skip

    def test_a_list_whose_rows_name_their_debtor_has_no_groups(self):
        table = text(
            "Factuurnr;Klantnaam;Vervaldatum;Bedrag",
            "F1;Jansen;01-08-2026;10,00",
            "geachte heer, zie hieronder;;;",
            "F2;Pieters;01-08-2026;11,00",
        )
        assert NAME_ABOVE not in table.headers
        assert len(list(table.rows)) == 3

    def test_whose_name_stands_on_the_first_row_only_are_asked_about(self):
        table = text(
            "Naam;Factuur;Vervaldatum;Bedrag",
            "Jansen;F1;31-08-2026;10,00",
            ";F2;31-08-2026;11,00",
            ";F3;31-08-2026;12,00",
            "Pieters;F4;31-08-2026;13,00",
            ";F5;31-08-2026;14,00",
        )
        with pytest.raises(UnclearColumns, match="debtor name"):
            recognise(table.headers)
        mapped = Mapped(columns=propose(table.headers, table.sample).columns, decimal_sign=",")
        names = [debtor for _, debtor, _ in understood(table, mapped)]
        assert names == ["Jansen", "Jansen", "Jansen", "Pieters", "Pieters"]

    @pytest.mark.parametrize("second", ["Jansen", "Pieters"])
    def test_a_row_without_a_name_in_an_ordinary_list_is_refused(self, second):
        rows = [f"{'Jansen' if n % 2 else second};F{n};31-08-2026;10,00" for n in range(8)]
        table = text("Naam;Factuur;Vervaldatum;Bedrag", *rows, ";F9;31-08-2026;10,00")
        assert NAME_ABOVE not in table.headers

    @pytest.mark.parametrize(
        ("heading", "found"),
        [
            (["10001 Bakkerij De Vries"], ("10001", "Bakkerij De Vries")),
            (["10001", "Bakkerij De Vries", "020-1234567"], ("10001", "Bakkerij De Vries")),
            (["Debiteur: 10001 - Bakkerij"], ("10001", "Bakkerij")),
            (["Klant", "K-17", "Bakkerij"], ("K-17", "Bakkerij")),
            (["Bakkerij De Vries (10001)"], ("10001", "Bakkerij De Vries")),
            (["Client : C100 – Dubois SPRL"], ("C100", "Dubois SPRL")),
            (["N° compte : 411JANS", "JANSEN SARL"], ("411JANS", "JANSEN SARL")),
            (["Numéro de client 411JANS", "JANSEN SARL"], ("411JANS", "JANSEN SARL")),
            (["Nr. klant: 10001", "Bakkerij"], ("10001", "Bakkerij")),
            (["Konto-Nr.: 10001", "Bäckerei"], ("10001", "Bäckerei")),
            (["No Limit BV"], ("", "No Limit BV")),
            (["3 Suisses België"], ("", "3 Suisses België")),
            ([Decimal(10001), "Bakkerij"], ("10001", "Bakkerij")),
            (["10001 Bakkerij (suite)"], ("10001", "Bakkerij")),
            (["Bakkerij (10001) - totaal 150,00"], ("10001", "Bakkerij")),
            (["10001 Bakkerij: Saldo € 1.250,00"], ("10001", "Bakkerij")),
            (["Boulangerie | solde 12,30 EUR"], ("", "Boulangerie")),
            (["Café Total 3"], ("", "Café Total 3")),
            ([], ("", "")),
        ],
    )
    def test_headings_say_number_and_name(self, heading, found):
        assert debtor_of(heading) == found

    def test_whose_heading_goes_on_with_the_address(self):
        table = text(
            "Factuurnr;Datum;Vervaldatum;Openstaand",
            "1001;Jansen BV;Dorpsstraat 1;Utrecht",
            "F1;01-03-2026;31-03-2026;100,00",
            "F2;02-03-2026;01-04-2026;50,00",
            ";;Totaal;150,00",
            "1002;Pieters;Kade 3;Leiden",
            "F3;13-03-2026;12-04-2026;25,00",
            ";;Totaal;25,00",
            ";;Eindtotaal;175,00",
        )
        assert understood(table) == [
            ("F1", "Jansen BV", "100.00"), ("F2", "Jansen BV", "50.00"), ("F3", "Pieters", "25.00"),
        ]  # fmt: skip

    def test_whose_heading_says_number_and_name_on_two_lines_between_rules(self):
        rule = "-" * 72
        table = text(
            "Kundeneinzelposten - Anzeige                          28.11.2026",
            rule,
            "|St|Zuordnung |Belegnr   |Art|Belegdatum|Nettofäll.|  Betrag in HW|Hauswähr|",
            rule,
            "|Debitor  100234                                              |",
            "|Name     Müller Logistik GmbH                                |",
            "|Ort      Hamburg                                             |",
            rule,
            "|@5B@|RE90001 |1800000123|RV |15.03.2026|14.05.2026|     1.234,56 |EUR     |",
            "|@5B@|RE90002 |1800000124|RV |16.03.2026|16.05.2026|       200,00 |EUR     |",
            rule,
            "|*  Konto 100234                                |     1.434,56 |EUR     |",
            rule,
            "|Debitor  100235                                                        |",
            "|Name     Dupont SA                                                     |",
            rule,
            "|@5B@|RE90003 |1800000125|RV |17.03.2026|16.05.2026|        99,90 |EUR     |",
            rule,
            "|** Gesamt                                      |     1.534,46 |EUR     |",
        )
        columns = propose(table.headers, table.sample).columns
        assert columns["due_on"] == "Nettofäll."
        assert understood(table, Mapped(columns=columns, decimal_sign=",")) == [
            ("1800000123", "Müller Logistik GmbH", "1234.56"),
            ("1800000124", "Müller Logistik GmbH", "200.00"),
            ("1800000125", "Dupont SA", "99.90"),
        ]
        assert [cells[0] for _, cells in table.sample] == ["100234", "100234", "100235"]


class TestNamesInParts:
    @pytest.mark.parametrize(
        ("headers", "row", "name"),
        [
            ("Voornaam;Tussenvoegsel;Achternaam", "Jan;van der;Berg", "Jan van der Berg"),
            ("Voorletters;Tussenvoegsel;Achternaam", "J.;;Smit", "J. Smit"),
            ("First Name;Last Name", "Jan;Berg", "Jan Berg"),
            ("Prénom;Nom", "Anne;Dubois", "Anne Dubois"),
            ("Nom;Prénom", "Dubois;Anne", "Anne Dubois"),
            ("Name;Vorname", "Huber;Eva", "Eva Huber"),
            ("Bedrijfsnaam;Voornaam;Achternaam", "Bakkerij Berg;Jan;Berg", "Bakkerij Berg"),
            ("Bedrijf;Voornaam;Achternaam", ";Jan;Berg", "Jan Berg"),
        ],
    )
    def test_are_put_together(self, headers, row, name):
        table = text(f"Factuurnr;{headers};Vervaldatum;Bedrag", f"F1;{row};31-08-2026;10,00")
        assert understood(table) == [("F1", name, "10.00")]
        assert propose(table.headers, table.sample).columns["debtor_name"] == JOINED

    @pytest.mark.parametrize(
        ("headers", "row"),
        [("Naam;Voornaam", "Jan Berg;Jan"), ("Naam;Voornaam contactpersoon", "Bakkerij Berg;Jan")],
    )
    def test_are_whole_where_one_column_says_all(self, headers, row):
        table = text(f"Factuurnr;{headers};Vervaldatum;Bedrag", f"F1;{row};31-08-2026;10,00")
        assert JOINED not in table.headers
        assert understood(table)[0][1] == row.split(";")[0]

    def test_stand_beside_an_amount_that_is_worked_out_too(self):
        table = text(
            "Factuurnr;Voornaam;Achternaam;Datum;Debet;Credit", "F1;Jan;Berg;13-08-2026;100,00;40,00"
        )
        assert table.headers[:2] == (NET, JOINED)
        assert understood(table) == [("F1", "Jan Berg", "60.00")]


class TestTotals:
    @pytest.mark.parametrize(
        "word", ["Gesamt", "Gesamt:", "Gesamtbetrag", "Insgesamt", "*", "** Totaal", "* Konto 100234"]
    )
    def test_are_known_by_other_words(self, word):
        table = text("Rechnungsnummer;Kunde;Fälligkeit;Offen", "F1;Huber;31.08.2026;10,00", f"{word};;;10,00")
        assert len(list(table.rows)) == 1
        assert table.left_out == [3]

    def test_are_not_seen_in_the_name_of_a_firm(self):
        table = text("Kunde;Rechnungsnummer;Fälligkeit;Offen", "Gesamt Bau GmbH;F1;31.08.2026;10,00")
        assert understood(table) == [("F1", "Gesamt Bau GmbH", "10.00")]


class TestPages:
    def test_say_their_headers_again_in_a_list_without_groups(self):
        table = text(
            "Debiteurenlijst;;;blad 1",
            "Factuurnr;Naam;Vervaldatum;Bedrag",
            "F1;Jansen;01-08-2026;10,00",
            "Debiteurenlijst;;;blad 2",
            "Factuurnr;Naam;Vervaldatum;Bedrag",
            "F2;Pieters;01-08-2026;11,00",
            "Page 2 of 2;;;",
        )
        assert understood(table) == [("F1", "Jansen", "10.00"), ("F2", "Pieters", "11.00")]
        assert table.left_out == [4, 5, 7]

    def test_draw_rules_between_their_rows(self):
        table = text(
            "| Naam | Factuur | Vervaldatum | Bedrag |",
            "|------|---------|-------------|--------|",
            "| Jansen | 90001 | 31.08.2026 | 1.200,00 |",
        )
        assert understood(table) == [("90001", "Jansen", "1200.00")]
        assert table.left_out == [2]


class TestAmounts:
    def test_in_a_debit_and_a_credit_column_are_one(self):
        table = text(
            "Factuurnr;Naam;Datum;Debet;Credit",
            "F1;Jansen;13-08-2026;1.100,00;",
            "F2;Jansen;13-08-2026;100,00;40,00",
            "F3;Jansen;13-08-2026;0,00;25,00",
        )
        assert table.headers[0] == NET
        assert understood(table)[:2] == [("F1", "Jansen", "1100.00"), ("F2", "Jansen", "60.00")]
        assert understood(table)[2][2].startswith("must be more than zero")

    def test_in_a_credit_column_that_has_its_own_minus_are_not_turned_twice(self):
        table = text(
            "Nr facture;Nom;Date;Débit;Crédit", "F1;Dubois;13/08/2026;100,00;", "F2;Dubois;13/08/2026;;-5,00"
        )
        assert [cells[0] for _, cells in table.sample] == ["100,00", "-5,00"]

    def test_in_numbers_of_a_workbook_are_worked_out(self):
        table = workbook(
            ["Factuur", "Naam", "Datum", "Debet", "Credit"],
            ["F1", "Jansen", date(2026, 8, 1), 100, 40],
            ["F2", "Jansen", date(2026, 8, 1), "", 25],
        )
        assert [cells[0] for _, cells in table.sample] == [60, -25]

    def test_and_a_running_balance_beside_them_is_asked_with_the_right_one_proposed(self):
        table = text(
            "Factuurnr;Naam;Datum;Debet;Credit;Saldo",
            "F1;Jansen;13-08-2026;10,00;;10,00",
            "F2;Jansen;14-08-2026;10,00;;20,00",
            "F3;Jansen;15-08-2026;10,00;;30,00",
        )
        with pytest.raises(UnclearColumns, match="several columns could be amount"):
            recognise(table.headers)
        assert propose(table.headers, table.sample).columns["amount"] == NET

    def test_in_columns_by_age_are_their_sum(self):
        table = text(
            "Factuurnr;Naam;Vervaldatum;Niet vervallen;0-30;31-60 dagen;> 60",
            "F1;Jansen;13-11-2026;100,00;;;",
            "F2;Jansen;13-08-2026;;0,00;0,00;50,00",
            "F3;Jansen;13-08-2026;;10,00;20,00;",
        )
        assert table.headers[0] == AGED
        assert [amount for _, _, amount in understood(table)] == ["100.00", "50.00", "30.00"]

    def test_by_age_in_months_are_their_sum_too(self):
        table = text(
            "Aged Receivables Detail",
            "As at 31 October 2026",
            "Invoice Date,Due Date,Invoice Number,Current,< 1 Month,1 Month,2 Months,Older,Total",
            "Bayside Club",
            "15 Sep 2026,25 Sep 2026,INV-0023,0.00,0.00,234.00,0.00,0.00,234.00",
            "Total Bayside Club,,,0.00,0.00,234.00,0.00,0.00,234.00",
            "Basket Case",
            "17 Sep 2026,29 Sep 2026,INV-0022,14.55,0.00,900.00,0.00,0.00,914.55",
            "Total Basket Case,,,14.55,0.00,900.00,0.00,0.00,914.55",
            "Total,,,14.55,0.00,1134.00,0.00,0.00,1148.55",
        )
        assert table.headers[0] == AGED
        assert propose(table.headers, table.sample).columns["amount"] == AGED
        assert understood(table) == [
            ("INV-0023", "Bayside Club", "234.00"),
            ("INV-0022", "Basket Case", "914.55"),
        ]

    def test_by_age_beside_an_amount_are_no_second_amount(self):
        table = text("Factuurnr;Naam;Vervaldatum;Saldo;0-30;31-60", "F1;Jansen;13-08-2026;10,00;;10,00")
        assert table.headers[0] == "Factuurnr"
        assert understood(table) == [("F1", "Jansen", "10.00")]

    def test_with_their_side_in_a_column_beside_get_its_sign(self):
        table = text(
            "Factuurnr;Naam;Datum;Bedrag;DC",
            "F1;Jansen;13-08-2026;10,00;D",
            "F2;Jansen;13-08-2026;4,00;C",
        )
        assert table.headers[0] == SIGNED
        found = understood(table)
        assert found[0] == ("F1", "Jansen", "10.00")
        assert found[1][2].startswith("must be more than zero")

    @pytest.mark.parametrize(
        "header", ["Bedrag (in centen)", "amount_cents", "AmountInCents", "Montant (centimes)"]
    )
    def test_in_cents_as_their_header_says_are_read_as_such(self, header):
        table = text(
            f"Factuurnr;Naam;Datum;{header}", "F1;Jansen;13-08-2026;000121005", "F2;Jansen;13-08-2026;10,50"
        )
        columns = propose(table.headers, table.sample).columns
        assert understood(table, Mapped(columns=columns | {"amount": header}, decimal_sign=",")) == [
            ("F1", "Jansen", "1210.05"),
            ("3", header, TOO_MANY_DECIMALS),
        ]

    def test_filled_up_with_zeros_are_refused(self):
        table = text("Factuurnr;Naam;Datum;Bedrag;D/C", "F1;Jansen;13-08-2026;000000121000;D")
        assert understood(table) == [("2", SIGNED, FILLED_UP)]

    @pytest.mark.parametrize(
        ("written", "amount"),
        [
            ("1.250,00 CR", "-1250"), ("1.250,00 DR", "1250"), ("CR 12,50", "-12.50"), ("12,50-", "-12.50"),
            ("12,50C", "-12.50"), ("€ 12,50 Cr.", "-12.50"), ("100,00 - 40,00", "60"),
            ("€ - 12,50", "-12.50"),
            ("0 - -5,00", "5"), ("1,00 + 2,00 + 3,00", "6"),
        ],
    )  # fmt: skip
    def test_are_read_as_packages_write_credit(self, written, amount):
        assert parse_amount(written, decimal_sign=",") == Decimal(amount)
        assert parse_amount(written, decimal_sign=None) in (Decimal(amount), -1250)

    def test_worked_out_go_before_their_parts_and_a_running_balance(self):
        table = text(
            "Date;Pièce;Libellé;Échéance;Débit;Crédit;Solde",
            "Compte 411001 DUBOIS SPRL;;;;;;",
            "01/08/2026;FA-1;Facture;31/08/2026;1 250,00;;1 250,00",
            "15/08/2026;PA-1;Paiement;;;250,00;1 000,00",
            "Total du compte 411001;;;;1 250,00;250,00;1 000,00",
            "Compte 411002 LAMBERT;;;;;;",
            "02/08/2026;FA-2;Facture;01/09/2026;80,00;;80,00",
            "Total du compte 411002;;;;80,00;;80,00",
        )
        assert propose(table.headers, table.sample).columns["amount"] == NET
        table = text(
            "Factuurnr;Datum;Openstaand;D/C",
            "Relatie: 1001 Jansen BV;;;",
            "2601;01-08-2026;100,00;D",
            "2602;01-08-2026;20,00;C",
            "Totaal Relatie 1001;;80,00;D",
        )
        assert propose(table.headers, table.sample).columns["amount"] == SIGNED


class TestCurrencies:
    HEADERS = "Factuurnummer;Naam;Bedrag;Factuurdatum;Vervaldatum"

    @pytest.mark.parametrize(
        "amount",
        ["USD 1.000,00", "$ 1.000,00", "1.000,00 £", "1.000,00 CHF", "100,00 usd", "5,00 - GBP 1,00"],
    )
    def test_that_an_amount_names_are_not_taken_for_euros(self, amount):
        table = text(self.HEADERS, f"F-1;Jansen BV;{amount};01-08-2026;31-08-2026")
        assert understood(table, Mapped(columns=recognise(table.headers).columns, decimal_sign=",")) == [
            ("2", "Bedrag", FOREIGN)
        ]

    @pytest.mark.parametrize("amount", ["EUR 1.000,00", "€ 1.000,00", "1.000,00 eur", "1.000,00 CR"])
    def test_of_ours_are_no_question(self, amount):
        table = text(self.HEADERS, f"F-1;Jansen BV;{amount};01-08-2026;31-08-2026")
        assert FOREIGN not in [reason for *_, reason in understood(table)]

    @pytest.mark.parametrize("header", ["Bedrag (USD)", "Bedrag ($)"])
    def test_that_the_header_names_are_not_taken_for_euros(self, header):
        lines = [f"F-{at};Jansen BV;1.000,00;01-08-2026;31-08-2026" for at in range(1, 4)]
        table = text(self.HEADERS.replace("Bedrag", header), *lines)
        assert {reason for *_, reason in understood(table)} == {FOREIGN}

    @pytest.mark.parametrize("header", ["Bedrag EUR", "Bedrag in EUR", "Bedrag €", "Bedrag_EUR"])
    def test_of_ours_may_stand_behind_the_header(self, header):
        table = text(self.HEADERS.replace("Bedrag", header), "F-1;Jansen BV;10,00;01-08-2026;31-08-2026")
        assert understood(table) == [("F-1", "Jansen BV", "10.00")]

    def test_of_a_debit_and_a_credit_column_do_not_get_lost(self):
        table = text(
            "Factuurnummer;Naam;Debet USD;Credit USD;Factuurdatum;Vervaldatum",
            "F-1;Jansen BV;1.000,00;;01-08-2026;31-08-2026",
            "F-2;Jansen BV;;10,00;01-08-2026;31-08-2026",
        )
        assert NET not in table.headers

    def test_behind_debit_and_credit_make_no_debtor_and_no_claim_of_a_running_balance(self):
        table = text(
            "Client;Nom;N° doc;Date;Echéance;Débit EUR;Crédit EUR;Solde EUR",
            "JANS;Jansen SPRL;2026/12;01/08/2026;31/08/2026;1.210,00;;1.210,00",
            "JANS;Jansen SPRL;2026/3;13/08/2026;31/08/2026;;210,00;1.000,00",
        )
        proposed = propose(table.headers, table.sample).columns
        assert (proposed["amount"], proposed["debtor_name"]) == (NET, "Nom")


class TestDueDates:
    @pytest.mark.parametrize("header", ["Fällig am", "Fällig", "Zahlbar bis", "Faellig am"])
    def test_are_known_in_german(self, header):
        table = text(
            f"Kunde;Rechnungsnr.;Rechnungsdatum;{header};Offen", "A GmbH;R-1;01.08.2026;15.08.2026;9,00"
        )
        assert recognise(table.headers, table.sample).columns["due_on"] == header

    @pytest.mark.parametrize("header", ["Vervalt per", "Due until", "Echéance calculée", "Uiterlijk op"])
    def test_in_a_column_called_like_one_are_asked_about_and_not_worked_out(self, header):
        table = text(
            f"Klant;Factuurnr;Factuurdatum;{header};Openstaand", "A BV;F-1;01-08-2026;15-08-2026;9,00"
        )
        with pytest.raises(UnclearColumns) as asked:
            recognise(table.headers, table.sample)
        assert asked.value.field == "due_on"

    def test_are_no_question_where_the_column_is_empty_or_says_something_else(self):
        table = text(
            "Klant;Factuurnr;Factuurdatum;Vervalt per;Dagen vervallen;Openstaand",
            "A BV;F-1;01-08-2026;;12;9,00",
        )
        assert "due_on" not in recognise(table.headers, table.sample).columns


class TestFrench:
    def test_headings_are_known_without_a_question(self):
        table = text(
            "N° client;Dénomination;N° facture;Date de facture;Date d'échéance;Solde dû;N° TVA",
            "C1;Dubois SPRL;2026-17;01/08/2026;31/08/2026;1.250,00 €;BE0403170701",
        )
        assert understood(table) == [("2026-17", "Dubois SPRL", "1250.00")]


HEADERS = ["Factuur", "Klantnaam", "Vervaldatum", "Openstaand"]
DUE = date(2026, 8, 31)


def several_sheets() -> bytes:
    """Open items of two months, a list with other columns, and an explanation."""
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True, "default_date_format": "dd-mm-yyyy"})
    sheets = {
        "Uitleg": [["Dit is", "een toelichting"]],
        "Augustus": [HEADERS, ["F1", "Jansen", DUE, 10], ["Totaal", "", "", 10]],
        "Betaald": [["Factuur", "Naam", "Bedrag", "Betaald op"], ["F0", "Willems", 5, DUE]],
        "September": [["Lijst"], [], HEADERS, ["F2", "Pieters", DUE, 20], ["F3", "", DUE, 30]],
    }
    for name, rows in sheets.items():
        sheet = book.add_worksheet(name)
        for at, row in enumerate(rows):
            sheet.write_row(at, 0, row)
    book.close()
    return out.getvalue()


class TestSheets:
    def test_that_could_all_be_claims_are_named(self):
        table = read_table(several_sheets())
        assert (table.sheet, table.rivals) == ("Augustus", ("Betaald", "September"))
        assert table.sheets == ("Uitleg", "Augustus", "Betaald", "September")

    def test_can_be_chosen_by_name(self):
        table = read_table(several_sheets(), "September")
        assert [(number, cells[0]) for number, cells in table.rows] == [(4, "F2"), (5, "F3")]
        with pytest.raises(Unreadable, match="no filled sheet Oktober"):
            read_table(several_sheets(), "Oktober")

    def test_with_the_same_headers_are_read_together_and_their_rows_told_apart(self):
        table = read_table(several_sheets(), ALL_SHEETS)
        assert (table.sheet, table.other_sheets) == (ALL_SHEETS, ("Uitleg", "Betaald"))
        rows = [(place_of(number), cells[0]) for number, cells in table.rows]
        assert rows == [("2:2", "F1"), ("4:4", "F2"), ("4:5", "F3")]

    def test_that_are_left_out_are_not_read(self):
        table = read_table(several_sheets(), all_but(["Augustus", "Oktober"]))
        assert [cells[0] for _, cells in table.rows] == ["F2", "F3"]
        assert table.other_sheets == ("Uitleg", "Augustus", "Betaald")
        with pytest.raises(Unreadable, match="every sheet was left out"):
            read_table(several_sheets(), all_but(table.sheets))

    def test_are_looked_at_together(self):
        looks = look_at_sheets(several_sheets(), ALL_SHEETS)
        assert [(look.name, look.rows, look.read) for look in looks] == [
            ("Uitleg", 0, False),
            ("Augustus", 2, True),
            ("Betaald", 1, False),
            ("September", 2, True),
        ]
        assert [place_of(number) for number, _ in looks[3].table.sample] == ["4:4", "4:5"]
        without = look_at_sheets(several_sheets(), all_but(["Augustus"]))
        assert [(look.name, look.read) for look in without if look.alike] == [
            ("Augustus", False),
            ("September", True),
        ]

    @pytest.mark.parametrize("number", [1, 12, 40_000_012])
    def test_places_of_rows_are_read_as_they_are_written(self, number):
        assert number_of(place_of(number)) == number

    @pytest.mark.parametrize("place", ["", "x", "1:2:3", ":", "3:", "²", "9" * 20])
    def test_places_that_nobody_wrote_are_none(self, place):
        assert number_of(place) is None


class TestCredits:
    def test_named_by_a_column_that_says_the_side_are_seen_where_the_sample_has_one_side_only(self):
        table = text("Factuurnr;Naam;Datum;Bedrag;D/C", "F1;Jansen;13-08-2026;10,00;C")
        assert table.headers[0] == SIGNED
        assert understood(table)[0][2].startswith("must be more than zero")

    def test_with_the_side_of_the_running_balance_beside_debit_and_credit_are_no_claims(self):
        table = text(
            "Konto;Name;Belegnr.;Belegdatum;Fälligkeit;Betrag Soll;Betrag Haben;Saldo;S/H",
            "10001;Jansen GmbH;RE-1;01.08.2026;31.08.2026;1.210,00;;1.210,00;S",
            "10001;Jansen GmbH;GU-1;02.08.2026;31.08.2026;;210,00;1.000,00;S",
        )
        mapped = Mapped(columns=propose(table.headers, table.sample).columns, decimal_sign=",")
        assert understood(table, mapped)[0] == ("RE-1", "Jansen GmbH", "1210.00")
        assert understood(table, mapped)[1][1] == NET

    def test_by_side_beside_several_amounts_turn_what_is_still_open(self):
        table = text(
            "Factuurnr;Naam;Datum;Bedrag;Openstaand;Af Bij",
            "F1;Jansen;13-08-2026;10,00;4,00;Bij",
            "F2;Jansen;13-08-2026;10,00;3,00;Af",
        )
        assert [cells[0] for _, cells in table.sample] == ["4,00", "0 - 3,00"]

    @pytest.mark.parametrize("header", ["Type", "Soort", "Documentsoort"])
    def test_that_only_their_kind_tells_are_no_claims(self, header):
        table = text(
            f"Factuurnr;Naam;Datum;{header};Bedrag",
            "F1;Jansen;13-08-2026;Factuur;10,00",
            "C1;Jansen;14-08-2026;Creditnota;4,00",
            "B1;Jansen;14-08-2026;Betaling;3,00",
        )
        assert understood(table) == [
            ("F1", "Jansen", "10.00"),
            ("3", "billing_reference", "a credit note must name the invoice that it credits"),
            ("4", header, "is neither an invoice nor a credit note"),
        ]

    @pytest.mark.parametrize("kind", ["SC", "out_refund", "AV", "GU", "ACCRECCREDIT"])
    def test_that_only_their_code_tells_are_no_claims_either(self, kind):
        table = text(
            "Invoice No;Name;Type;Date;Due Date;Outstanding",
            "1203;Jansen BV;SI;01-08-2026;31-08-2026;121,00",
            f"1204;Jansen BV;{kind};13-08-2026;31-08-2026;12,10",
        )
        mapped = Mapped(columns=propose(table.headers, table.sample).columns, decimal_sign=",")
        assert understood(table, mapped)[1][2] == CREDITS_NOTHING

    def test_are_no_kind_of_debtor_where_a_column_says_that(self):
        table = text("Factuurnr;Naam;Datum;Soort;Bedrag", "F1;Jansen;13-08-2026;Particulier;10,00")
        assert dict(recognise(table.headers, table.sample).columns)["debtor_kind"] == "Soort"


class TestStillOwed:
    @pytest.mark.parametrize(
        ("headers", "values", "amount", "total"),
        [
            ("Bedrag;Openstaand", "10,00;4,00", "Openstaand", "Bedrag"),
            ("Original Amount;Amount;Remaining Amount", "10.00;10.00;4.00", "Remaining Amount", "Amount"),
            ("Factuurbedrag;Ontvangen;Nog te ontvangen", "10,00;6,00;4,00",
             "Nog te ontvangen", "Factuurbedrag"),
            ("Untaxed Amount Signed;Total Signed;Amount Due Signed", "8.26;10.00;10.00",
             "Amount Due Signed", "Total Signed"),
            ("Bedrag (debet);Bedrag (credit);Openstaand", "10,00;;10,00", "Openstaand", "Bedrag (debet)"),
        ],
    )  # fmt: skip
    def test_is_proposed_before_what_was_invoiced_and_asked_about(self, headers, values, amount, total):
        table = text(f"Factuurnr;Naam;Datum;{headers}", f"F1;Jansen BV;13-08-2026;{values}")
        with pytest.raises(UnclearColumns):
            recognise(table.headers, table.sample)
        found = propose(table.headers, table.sample).columns
        assert (found["amount"], found["total"]) == (amount, total)

    def test_is_worked_out_where_only_what_was_paid_stands_beside_the_amount(self):
        table = text(
            "Factuurnr;Naam;Datum;Bedrag;Betaald",
            "F1;Jansen;13-08-2026;10,00;6,00",
            "F2;Jansen;13-08-2026;10,00;",
        )
        assert [cells[0] for _, cells in table.sample] == ["10,00 - 6,00", "10,00"]
        with pytest.raises(UnclearColumns, match="amount less what was paid"):
            recognise(table.headers, table.sample)
        assert propose(table.headers, table.sample).columns["amount"] == LEFT

    def test_is_asked_where_the_total_would_be_taken_for_it(self):
        table = text("Factuurnr;Naam;Datum;Factuurbedrag;Betaald", "F1;Jansen;13-08-2026;10,00;6,00")
        with pytest.raises(UnclearColumns) as asked:
            recognise(table.headers, table.sample)
        assert asked.value.message == PARTLY_PAID

    @pytest.mark.parametrize("left", ["Encours", "Ouvert", "Nog door u", "Rest"])
    def test_is_asked_where_a_column_without_a_known_name_holds_what_may_be_left(self, left):
        table = text(
            f"N° facture;Nom;Échéance;Montant;{left}",
            "F1;Lambert;04/04/2026;1.210,00;1.210,00",
            "F2;Petit;15/04/2026;605,00;105,00",
        )
        with pytest.raises(UnclearColumns) as asked:
            recognise(table.headers, table.sample)
        assert asked.value.field == "amount"
        found = propose(table.headers, table.sample).columns
        assert (found["amount"], found["total"]) == (left, "Montant")

    def test_is_no_question_where_another_column_has_nothing_of_it(self):
        table = text(
            "N° facture;Nom;Échéance;Montant;Frais;Mètres",
            "F1;Lambert;04/04/2026;1.210,00;12,00;2.000,50",
            "F2;Petit;15/04/2026;605,00;12,00;3,25",
        )
        assert recognise(table.headers, table.sample).columns["amount"] == "Montant"

    def test_is_the_balance_that_is_less_than_what_was_to_be_paid(self):
        table = text(
            "Boekstuk;Naam;Vervaldag;Te betalen;Betaald;Saldo",
            "26/12;Hoekske;04/04/2026;1.210,00;0,00;1.210,00",
            "26/13;Vermeersch;15/04/2026;605,00;500,00;105,00",
        )
        assert propose(table.headers, table.sample).columns["amount"] == "Saldo"

    def test_is_no_question_where_nothing_was_paid_or_a_day_says_when(self):
        table = text(
            "Factuurnr;Naam;Datum;Bedrag;Betaald;Betaald op", "F1;Jansen;13-08-2026;10,00;0,00;14-08-2026"
        )
        assert propose(table.headers, table.sample).columns["amount"] == LEFT
        table = text("Factuurnr;Naam;Datum;Bedrag;Betaald op", "F1;Jansen;13-08-2026;10,00;14-08-2026")
        assert understood(table) == [("F1", "Jansen", "10.00")]

    @pytest.mark.parametrize(
        ("header", "value"), [("Status", "Betaald"), ("Betaald", "ja"), ("State", "Paid")]
    )
    def test_is_asked_where_a_row_says_that_it_is_paid(self, header, value):
        table = text(f"Factuurnr;Naam;Datum;{header};Bedrag", f"F1;Jansen;13-08-2026;{value};10,00")
        with pytest.raises(UnclearColumns) as asked:
            recognise(table.headers, table.sample)
        assert asked.value.message == SOME_PAID
        table = text(f"Factuurnr;Naam;Datum;{header};Bedrag", "F1;Jansen;13-08-2026;nee;10,00")
        assert understood(table) == [("F1", "Jansen", "10.00")]

    def test_is_not_an_amount_without_vat(self):
        table = text("Factuurnr;Naam;Datum;Bedrag (excl. btw)", "F1;Jansen;13-08-2026;10,00")
        with pytest.raises(UnclearColumns) as asked:
            recognise(table.headers, table.sample)
        assert asked.value.message == WITHOUT_VAT

    def test_is_the_balance_of_each_invoice_and_not_one_that_runs_on(self):
        head = "Factuurnr;Naam;Datum;Bedrag;Saldo"
        runs = text(head, "F1;Jansen;13-08-2026;10,00;10,00", "F2;Jansen;14-08-2026;5,00;15,00")
        open_ = text(head, "F1;Jansen;13-08-2026;10,00;4,00", "F2;Jansen;14-08-2026;5,00;5,00")
        assert propose(runs.headers, runs.sample).columns["amount"] == "Bedrag"
        assert propose(open_.headers, open_.sample).columns["amount"] == "Saldo"

    def test_by_age_is_not_summed_where_the_total_beside_it_says_more(self):
        table = text(
            "Factuurnr;Naam;Datum;0-30;31-60;Daarna;Totaal", "F1;Jansen;13-08-2026;1,00;2,00;4,00;7,00"
        )
        assert AGED not in table.headers
        assert understood(table) == [("F1", "Jansen", "7.00")]


class TestOtherColumns:
    def test_called_vat_may_hold_the_tax(self):
        table = text("Factuurnr;Naam;Datum;Btw;Totaal", "F1;Jansen;13-08-2026;2,10;12,10")
        assert understood(table) == [("F1", "Jansen", "12.10")]
        table = text("Factuurnr;Naam;Datum;Btw;Totaal", "F1;Jansen;13-08-2026;NL001234567B01;12,10")
        assert recognise(table.headers, table.sample).columns["vat_number"] == "Btw"

    def test_called_debtor_may_hold_a_number(self):
        table = text("Debiteur;Factuurnr;Datum;Bedrag", "10012;F1;13-08-2026;12,10")
        with pytest.raises(UnclearColumns) as asked:
            recognise(table.headers, table.sample)
        assert asked.value.message == NO_NAMES
        table = text("Debiteur;Naam;Factuurnr;Datum;Bedrag", "10012;Jansen;F1;13-08-2026;12,10")
        found = propose(table.headers, table.sample).columns
        assert (found["debtor_reference"], found["debtor_name"]) == ("Debiteur", "Naam")

    def test_of_one_debtor_only_still_name_it(self):
        table = text(
            "Klantnaam;Nr;Datum;Bedrag", *(f"Jansen BV;F{at};1{at}-08-2026;12,10" for at in range(1, 5))
        )
        assert propose(table.headers, table.sample).columns["debtor_name"] == "Klantnaam"

    @pytest.mark.parametrize("header", ["Zahlungsziel", "Verloopdatum", "Date éch."])
    def test_to_pay_are_proposed_or_asked_under_their_other_names(self, header):
        table = text(
            f"Rechnungsnummer;Kunde;Rechnungsdatum;{header};Offen",
            "RE-1;Huber;05.03.2026;30.04.2026;10,00",
            "RE-2;Maier;06.03.2026;01.05.2026;20,00",
        )
        assert propose(table.headers, table.sample).columns["due_on"] == header
        with pytest.raises(UnclearColumns) as asked:
            recognise(table.headers, table.sample)
        assert asked.value.field == "due_on"

    def test_that_a_term_in_days_stands_for_are_no_question(self):
        table = text(
            "Rechnungsnummer;Kunde;Rechnungsdatum;Zahlungsziel;Offen", "RE-1;Huber;05.03.2026;14;10,00"
        )
        assert "due_on" not in recognise(table.headers, table.sample).columns

    def test_of_a_bank_are_no_day_to_pay(self):
        table = text("Naam;Factuurnr;Datum;Rentedatum;Bedrag", "Jansen;F1;13-08-2026;13-08-2026;12,10")
        assert "due_on" not in propose(table.headers, table.sample).columns

    def test_called_your_reference_are_not_guessed_to_be_the_invoice(self):
        table = text(
            "Naam;Uw ref.;Onze ref.;Datum;Bedrag",
            *(f"Jansen {at};PO-{at};2670001{at};1{at}-08-2026;12,10" for at in range(1, 5)),
        )
        assert propose(table.headers, table.sample).columns["invoice_number"] == "Onze ref."

    @pytest.mark.parametrize(
        "word", ["Totaal", "Subtotaal", "Beginsaldo", "Opening balance", "Solde initial"]
    )
    def test_hold_no_invoice_where_they_say_a_total_or_a_balance(self, word):
        table = text("Naam;Factuurnr;Datum;Bedrag", f"Jansen;{word};13-08-2026;12,10")
        assert understood(table) == [("2", "Factuurnr", A_BALANCE)]


class TestSummedGroups:
    def test_have_a_heading_with_the_sum_of_its_invoices(self):
        table = text(
            "Debiteur/Factuur;Datum;Vervaldatum;Openstaand",
            "1001 Jansen BV;;;1.150,00",
            "F1;01-08-2026;31-08-2026;1.100,00",
            "F2;02-08-2026;31-08-2026;50,00",
            "1002 Pieters NV;;;25,00",
            "F3;03-08-2026;31-08-2026;25,00",
            "Totaal;;;1.175,00",
        )
        assert table.headers[:2] == (NUMBER_ABOVE, NAME_ABOVE)
        columns = propose(table.headers, table.sample).columns
        assert understood(table, Mapped(columns=columns, decimal_sign=",")) == [
            ("F1", "Jansen BV", "1100.00"),
            ("F2", "Jansen BV", "50.00"),
            ("F3", "Pieters NV", "25.00"),
        ]
        assert next(iter(table.rows))[0] == 3
        assert len(list(table.rows)) == 2
        assert table.left_out == [2, 5, 7]

    def test_that_do_not_add_up_have_no_debtor(self):
        table = text(
            "Debiteur/Factuur;Datum;Openstaand",
            "1001 Jansen BV;;50,00",
            "F1;01-08-2026;50,00",
            "1002 Pieters NV;;99,00",
            "F2;03-08-2026;25,00",
            "1003 Willems;;7,00",
            "F3;03-08-2026;7,00",
        )
        assert [(cells[1], cells[2]) for _, cells in table.rows] == [
            ("Jansen BV", "F1"), ("", "1002 Pieters NV"), ("", "F2"), ("Willems", "F3"),
        ]  # fmt: skip

    def test_in_a_workbook_have_the_ages_beside_the_sum(self):
        table = workbook(
            ["", "Invoice Date", "At Date", "1-30", "Older", "Total"],
            ["Jansen BV", "", 50, 121.1, 0, 171.1],
            ["INV/26/1", date(2026, 8, 1), 0, 121.1, 0, 121.1],
            ["INV/26/2", date(2026, 8, 2), 50, 0, 0, 50],
            ["Pieters NV", "", 0, 0, 7, 7],
            ["INV/26/3", date(2026, 8, 3), 0, 0, 7, 7],
            ["Total", "", 50, 121.1, 7, 178.1],
        )
        columns = propose(table.headers, table.sample).columns
        assert understood(table, Mapped(columns=columns)) == [
            ("INV/26/1", "Jansen BV", "121.10"),
            ("INV/26/2", "Jansen BV", "50.00"),
            ("INV/26/3", "Pieters NV", "7.00"),
        ]

    def test_are_not_seen_in_a_list_whose_rows_name_their_debtor(self):
        table = text("Naam;Factuurnr;Datum;Bedrag", "Jansen;F1;;10,00", "Pieters;F2;13-08-2026;10,00")
        assert [number for number, _ in table.rows] == [2, 3]


class TestZerosThatAWorkbookShows:
    def zeros(self, *, left: int = 0, sheet: str = "Blad & 1") -> bytes:
        out = io.BytesIO()
        book = xlsxwriter.Workbook(out, {"in_memory": True, "default_date_format": "dd-mm-yyyy"})
        five, money = (book.add_format({"num_format": code}) for code in ("00000", "0.00"))
        book.add_worksheet("Voorblad").write(0, 0, "Lijst")
        page = book.add_worksheet(sheet)
        page.write_row(3, left, ["Klantnr", "Naam", "Factuur", "Datum", "Bedrag"])
        for row, (number, style) in enumerate([(12, five), (123456, five), (7, None)], start=4):
            page.write(row, left, number, style)
            page.write_row(row, left + 1, ["Jansen", f"F{row}", date(2026, 8, 1)])
            page.write(row, left + 4, 10, money)
        book.close()
        return out.getvalue()

    @pytest.mark.parametrize("left", [0, 2, 26])
    def test_stay_with_the_number(self, left):
        table = read_table(self.zeros(left=left))
        assert [cells[0] for _, cells in table.rows] == ["00012", "123456", 7]
        assert understood(table)[0] == ("F4", "Jansen", "10.00")


class TestWhatAWorkbookShows:
    """A cell is what its reader sees in the spreadsheet, not what the file keeps for it."""

    def table(self, write, *, saved: bool = True) -> Table:
        out = io.BytesIO()
        book = xlsxwriter.Workbook(out, {"in_memory": True})
        page = book.add_worksheet()
        page.write_row(0, 0, ["Factuur", "Klant", "Datum", "Bedrag"])
        for row in (1, 2, 3):
            page.write_row(row, 0, [f"F{row}", "Jansen", "01-08-2026", 10])
        write(book, page)
        book.close()
        return read_table(out.getvalue() if not saved else as_saved(out.getvalue()))

    @pytest.mark.parametrize(
        ("code", "number", "shown"),
        [
            ('"F"00000', 12, "F00012"),
            ('0000"-"0000', 20260012, "2026-0012"),
            ("0000-0000", 20260012, "2026-0012"),
            ("\\V\\F000", 12, "VF012"),
            ('"F"000', 12345, "F12345"),
            ("0", 12, "12"),
            ('0" st."', 12, "12"),
        ],
    )
    def test_letters_and_signs_of_a_number_are_kept(self, code, number, shown):
        table = self.table(lambda book, page: page.write(1, 0, number, book.add_format({"num_format": code})))
        assert understood(table)[0] == (shown, "Jansen", "10.00")

    def test_a_point_that_only_is_shown_counts(self):
        table = self.table(
            lambda book, page: page.write(1, 3, 121010, book.add_format({"num_format": "0\\.00"}))
        )
        assert understood(table)[0] == ("F1", "Jansen", "1210.10")

    @pytest.mark.parametrize("saved", [False, True])
    def test_a_formula_without_its_value_is_refused_where_it_is_needed(self, saved):
        def write(book, page):
            page.write(0, 4, "Dagen")
            page.write_formula(1, 4, "=TODAY()-C2", None, "" if saved else 0)
            page.write_formula(2, 3, "=5*2", None, "" if saved else 0)
            page.write(4, 0, "Totaal")
            page.write_formula(4, 3, "=SUM(D2:D4)", None, "" if saved else 0)

        table = self.table(write, saved=saved)
        assert understood(table) == [
            ("F1", "Jansen", "10.00"), ("3", "Bedrag", NOT_WORKED_OUT), ("F3", "Jansen", "10.00"),
        ]  # fmt: skip
        assert list(table.rows)[-1][0] == 4
        assert table.left_out == [5]

    def test_a_formula_whose_value_is_nothing_has_one(self):
        def write(_, page):
            page.write(0, 4, "Opmerking")
            page.write_formula(1, 4, '=IF(D2>0,"","x")', None, "")
            page.write_formula(2, 3, "=D2-D2", None, 0)

        table = self.table(write)
        assert understood(table)[0] == ("F1", "Jansen", "10.00")
        assert understood(table)[1][2].startswith("must be more than zero")

    def test_rows_that_are_hidden_are_neither_read_nor_left_out_unasked(self):
        with pytest.raises(Unreadable, match="row 3 of the sheet is hidden"):
            self.table(lambda _, page: page.set_row(2, None, None, {"hidden": True}))

    @pytest.mark.parametrize(
        "how", [{"hidden": True, "level": 1}, {"hidden": False, "level": 1, "collapsed": True}]
    )
    def test_rows_of_a_folded_outline_are_read(self, how):
        table = self.table(lambda _, page: page.set_row(2, None, None, how))
        assert len(list(table.rows)) == 3

    def test_rows_hidden_above_the_headers_or_without_anything_in_them_are_nothing(self):
        def write(_, page):
            page.set_row(0, None, None, {"hidden": True})
            page.set_row(9, None, None, {"hidden": True})

        assert len(list(self.table(write).rows)) == 3


class TestWhatAnOpenDocumentShows:
    def table(self, *rows: str) -> Table:
        names = ["office", "table", "text"]
        said = " ".join(f'xmlns:{one}="urn:oasis:names:tc:opendocument:xmlns:{one}:1.0"' for one in names)
        headers = "".join(map(self.cell, ("Factuur", "Klant", "Datum", "Bedrag")))
        body = f"<table:table-row>{headers}</table:table-row>" + "".join(rows)
        other = f"<table:table-row>{self.cell('Niets')}</table:table-row>" * 9
        content = (
            f'<office:document-content {said}><office:body><office:spreadsheet><table:table table:name="A">'
            f'{other}</table:table><table:table table:name="Blad">{body}</table:table></office:spreadsheet>'
            "</office:body></office:document-content>"
        )
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w") as archive:
            archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
            archive.writestr("content.xml", content)
            archive.writestr("META-INF/manifest.xml", "<manifest/>")
        return read_table(out.getvalue())

    def cell(self, text: str, *, value: str = "", kind: str = "string", currency: str = "") -> str:
        more = f' office:value="{value}"' if value else ""
        more += f' office:currency="{currency}"' if currency else ""
        return (
            f'<table:table-cell office:value-type="{kind}"{more}><text:p>{text}</text:p></table:table-cell>'
        )

    def row(self, number: str, amount: str, how: str = "") -> str:
        cells = f"{number}{self.cell('Jansen')}{self.cell('01-08-2026')}{amount}"
        return f"<table:table-row{how}>{cells}</table:table-row>"

    @pytest.mark.parametrize(
        ("shown", "value", "read"),
        [("00012", "12", "00012"), ("F-0012", "12", "F-0012"), ("2026-0012", "20260012", "2026-0012"),
         ("12", "12", "12"), ("1.200", "1200", "1200"), ("12 st", "12", "12"), ("1,2E+3", "1200", "1200")],
    )  # fmt: skip
    def test_is_what_is_read(self, shown, value, read):
        ten = self.cell("10,00", value="10", kind="float")
        blank = "<table:table-row table:number-rows-repeated='3'><table:table-cell/></table:table-row>"
        number = self.cell(shown, value=value, kind="float")
        table = self.table(blank, self.row(number, ten))
        assert understood(table) == [(read, "Jansen", "10.00")]

    def test_is_no_euro_where_it_is_another_currency(self):
        dollars = self.cell("$10.00", value="10", kind="currency", currency="USD")
        euros = self.cell("10,00 €", value="10", kind="currency", currency="EUR")
        table = self.table(self.row(self.cell("F1"), dollars), self.row(self.cell("F2"), euros))
        assert understood(table) == [("2", "Bedrag", FOREIGN), ("F2", "Jansen", "10.00")]

    def test_is_asked_about_where_a_filter_hides_rows(self):
        ten = self.cell("10,00", value="10", kind="float")
        with pytest.raises(Unreadable, match="row 3 of the sheet is hidden"):
            self.table(
                self.row(self.cell("F1"), ten), self.row(self.cell("F2"), ten, ' table:visibility="filter"')
            )
        folded_in = self.row(self.cell("F2"), ten, ' table:visibility="collapse"')
        assert len(list(self.table(self.row(self.cell("F1"), ten), folded_in).rows)) == 2


class TestTwoColumnsCalledAfterTheDebtor:
    @pytest.mark.parametrize(
        ("headers", "numbers"),
        [
            ("Klant;Naam", ("10001", "10002")),
            ("Client;Nom", ("C-1", "C-2")),
            ("Debiteur;Klantnaam", ("1", "2")),
        ],
    )
    def test_are_its_number_and_its_name_where_the_values_say_so(self, headers, numbers):
        table = text(
            f"{headers};Factuur;Vervaldatum;Bedrag",
            f"{numbers[0]};Jansen BV;F1;31-08-2026;10,00",
            f"{numbers[1]};Pieters;F2;31-08-2026;10,00",
        )
        columns = recognise(table.headers, table.sample).columns
        assert (columns["debtor_reference"], columns["debtor_name"]) == tuple(headers.split(";"))

    @pytest.mark.parametrize("first", ["Bakker", "F1 BV", "10001"])
    def test_are_asked_about_where_they_do_not(self, first):
        table = text(
            "Klant;Naam;Factuur;Vervaldatum;Bedrag",
            f"{first};Jansen BV;F1;31-08-2026;10,00",
            "Bakker;Pieters;F2;31-08-2026;10,00",
        )
        with pytest.raises(UnclearColumns, match="several columns could be debtor name"):
            recognise(table.headers, table.sample)


class TestACurrencyThatAWorkbookShows:
    def table(self, code: str) -> Table:
        out = io.BytesIO()
        book = xlsxwriter.Workbook(out, {"in_memory": True})
        page, shown = book.add_worksheet(), book.add_format({"num_format": code})
        page.write_row(0, 0, ["Klant", "Factuur", "Datum", "Bedrag"])
        page.write_row(1, 0, ["Jansen", "F1", "01-08-2026"])
        page.write(1, 3, 1250.5, shown)
        book.close()
        return read_table(out.getvalue())

    @pytest.mark.parametrize(
        "code", ["[$$-409]#,##0.00", '"$"#,##0.00', "[$USD] #,##0.00", "#,##0.00\\ [$£-809]", '0.00 "CHF"']
    )
    def test_is_not_taken_for_euros(self, code):
        assert understood(self.table(code)) == [("2", "Bedrag", FOREIGN)]

    @pytest.mark.parametrize(
        "code", ["[$€-413] #,##0.00", "#,##0.00 [$EUR]", "[$-413]#,##0.00", '0.00 "euro"', "0 \\d\\a\\y\\s"]
    )
    def test_of_our_own_or_none_changes_nothing(self, code):
        assert understood(self.table(code)) == [("F1", "Jansen", "1250.50")]


class TestHeadersInTwoRows:
    def test_are_put_together(self):
        table = text(
            "Klant;;Factuur;Datum;;Bedrag;",
            "Nr;Naam;Nummer;Factuur;Verval;Totaal;Open",
            "0001;Jansen;F1;01-08-2026;31-08-2026;100,00;50,00",
        )
        assert table.headers == (
            "Klant Nr", "Klant Naam", "Factuur Nummer", "Datum Factuur", "Datum Verval", "Bedrag Totaal",
            "Bedrag Open",
        )  # fmt: skip
        assert propose(table.headers, table.sample).columns == {
            "amount": "Bedrag Open",
            "total": "Bedrag Totaal",
            "debtor_reference": "Klant Nr",
            "debtor_name": "Klant Naam",
            "invoice_number": "Factuur Nummer",
            "issued_on": "Datum Factuur",
            "due_on": "Datum Verval",
        }

    def test_are_not_seen_in_a_heading_of_a_group(self):
        table = text("Factuur;Vervaldatum;Saldo", "Klant;Jansen BV;", "F1;31-08-2026;10,00")
        assert "Factuur" in table.headers


class TestCommas:
    @pytest.mark.parametrize("headers", ["Naam,Factuur,Datum,Bedrag", "Naam,Factuur,Datum,Bedrag,Betreft"])
    def test_that_cut_amounts_in_two_are_refused(self, headers):
        more = ",werk" if headers.endswith("Betreft") else ""
        with pytest.raises(Unreadable, match="cut amounts in two"):
            text(headers, f"Jansen,F1,01-08-2026,100,50{more}", f"Pieters,F2,01-08-2026,1210,00{more}")

    def test_within_the_amounts_of_a_list_for_a_printer_are_no_columns(self):
        with pytest.raises(Unreadable, match="blanks alone part the columns"):
            text(
                "Factuurnr  Naam             Vervaldatum   Openstaand",
                "00012      Jansen Bouw      31-03-2026      1.100,00",
                "00013      Pieters, Gent    01-04-2026         50,00",
            )

    @pytest.mark.parametrize("amount", ["100,", '"100,50"', "100.50,"])
    def test_behind_or_within_an_amount_do_not(self, amount):
        table = text("Naam,Factuur,Datum,Bedrag", f"Jansen,F1,01-08-2026,{amount}")
        assert understood(table)[0][2].startswith("100.")


class TestColumnsOfOtherPackages:
    """Layouts as QuickBooks, Xero, Odoo, Sage BOB and SAP export them."""

    def test_numbers_of_a_year_and_a_sequence_are_numbers_though_they_could_be_days(self):
        table = text(
            "Klant;Factuurnummer;Referentie;Factuurdatum;Vervaldatum;Nog te ontvangen",
            "Bakkerij De Vries;20260112;PO 77;2-3-2026;1-4-2026;1.210,00",
            "Jansen Bouw;20260113;PO 78;5-3-2026;4-4-2026;305,00",
        )
        assert propose(table.headers, table.sample).columns["invoice_number"] == "Factuurnummer"

    def test_days_without_signs_below_a_name_of_a_day_are_no_numbers(self):
        table = text(
            "Klant;Datum factuur;Stuk;Bedrag",
            "Bakkerij De Vries;20260302;A-17;1.210,00",
            "Jansen Bouw;20260305;A-18;305,00",
        )
        columns = propose(table.headers, table.sample).columns
        assert (columns.get("invoice_number"), columns["issued_on"]) == (None, "Datum factuur")

    def test_numero_is_no_house_without_a_street(self):
        lines = (
            "Numéro;Nom;Date d'échéance;Montant dû",
            "FAC/2026/00012;Boulangerie Dupont;01/04/2026;1210,00",
            "FAC/2026/00013;Garage Maes;14/04/2026;305,00",
        )
        table = text(*lines)
        columns = propose(table.headers, table.sample).columns
        assert (columns["invoice_number"], columns.get("house_number")) == ("Numéro", None)
        with pytest.raises(UnclearColumns) as asked:
            recognise(table.headers, table.sample)
        assert "house_number" not in asked.value.proposal.columns

    def test_numero_beside_a_street_is_its_house(self):
        table = text(
            "Facture;Nom;Rue;Numéro;Date d'échéance;Montant dû",
            "F12;Boulangerie Dupont;Rue Haute;12;01/04/2026;1210,00",
        )
        assert recognise(table.headers, table.sample).columns["house_number"] == "Numéro"

    def test_what_the_books_make_of_a_foreign_amount_is_not_what_the_invoice_asks(self):
        table = text(
            "Name 1;Document Number;Document Date;Net Due Date;Amount in Doc. Curr.;Doc. Currency"
            ";Amount in Local Currency;Local Currency",
            "Bakkerij De Vries;90000112;02.03.2026;01.04.2026;1.210,00;EUR;1.210,00;EUR",
            "Jansen Bouw;90000113;05.03.2026;04.04.2026;605,00;USD;550,00;EUR",
        )
        columns = propose(table.headers, table.sample).columns
        assert (columns["amount"], columns["currency"]) == ("Amount in Doc. Curr.", "Doc. Currency")

    def test_what_the_books_make_of_it_is_taken_where_nothing_else_is_said(self):
        table = text(
            "Naam;Documentnummer;Documentdatum;Bedrag in lokale valuta;Lokale valuta",
            "Bakkerij De Vries;90000112;02.03.2026;1.210,00;EUR",
        )
        assert propose(table.headers, table.sample).columns["amount"] == "Bedrag in lokale valuta"

    def test_ages_above_groups_of_rows_that_name_their_debtor_are_no_rows(self):
        table = text(
            "A/R Aging Detail;;;;;;",
            ";Date;Transaction Type;Num;Customer;Due Date;Open Balance",
            "91 or more days past due;;;;;;",
            ";02/10/2026;Invoice;1021;Amy's Bird Sanctuary;03/13/2026;239.00",
            "Total for 91 or more days past due;;;;;;239.00",
            "31 - 60 days past due;;;;;;",
            ";04/10/2026;Invoice;1027;Bill's Windsurf Shop;05/10/2026;85.00",
            "TOTAL;;;;;;324.00",
        )
        assert [row[1][3] for row in table.rows] == ["1021", "1027"]

    def test_a_last_row_of_percentages_is_no_row(self):
        table = text(
            "Invoice Date;Due Date;Invoice Number;Current;< 1 Month;1 Month;Older;Total",
            "Boom FM;;;;;;;",
            "10 Mar 2026;20 Mar 2026;INV-0028;0.00;0.00;0.00;500.00;500.00",
            "Total Boom FM;;;0.00;0.00;0.00;500.00;500.00",
            "Ridgeway University;;;;;;;",
            "15 Feb 2026;25 Feb 2026;INV-0027;0.00;0.00;0.00;6187.50;6187.50",
            "Total Ridgeway University;;;0.00;0.00;0.00;6187.50;6187.50",
            "Total;;;0.00;0.00;0.00;6687.50;6687.50",
            "Percentage of total;;;0.00%;0.00%;0.00%;100.00%;100.00%",
        )
        assert understood(table) == [
            ("INV-0028", "Boom FM", "500.00"),
            ("INV-0027", "Ridgeway University", "6187.50"),
        ]
