"""What columns mean: proposed from names and values with the reason, and asked where that leaves doubt."""

import pytest

from agency.intake.columns import propose
from agency.intake.doubts import SEVERAL_LINES
from agency.intake.mapping import UnclearColumns, recognise
from agency.intake.reading import read_table
from agency.intake.writing import find_writing

pytestmark = pytest.mark.pure


def proposed(content: bytes) -> dict[str, str]:
    table = read_table(content)
    return dict(propose(table.headers, table.sample).columns)


class TestProposals:
    def test_know_the_columns_of_open_items_as_bookkeeping_packages_write_them(self):
        found = proposed(
            b"Deb.code;Debiteurnaam;Boekst.nr;Factuurdat.;Verv.dat.;Openst. bedrag EUR;E-mailadres debiteur\n"
            b"00012;Jansen BV;2026001;01-08-2026;31-08-2026;1.250,00;a@jansen.example\n"
            b"00013;Pieters;2026002;02-08-2026;01-09-2026;99,95;b@pieters.example\n"
            b"00014;Willems NV;2026003;03-08-2026;02-09-2026;10,00;c@willems.example\n"
        )
        assert found["debtor_name"] == "Debiteurnaam"
        assert found["amount"] == "Openst. bedrag EUR"
        assert found["due_on"] == "Verv.dat."
        assert found["issued_on"] == "Factuurdat."
        assert found["email"] == "E-mailadres debiteur"

    def test_know_the_columns_of_a_walloon_list(self):
        found = proposed(
            "N° client;Nom du client;N° facture;Date facture;Échéance;Montant TTC;Solde dû;n° TVA;N° BCE;"
            "CP;Localité\n"
            "C1;Toitures Hénin SRL;F1;15/09/2026;15/10/2026;1.234,56;1.234,56;BE 0403.199.702;0403.199.702;"
            "7000;Mons\n"
            "C2;Amélie Dupont;F2;16/09/2026;16/10/2026;99,95;99,95;;;5000;Namur\n".encode("cp1252")
        )
        assert found["postal_code"] == "CP"
        assert found["registration_number"] == "N° BCE"
        assert found["vat_number"] == "n° TVA"
        assert found["amount"] == "Solde dû"
        assert found["due_on"] == "Échéance"

    def test_know_columns_without_names_by_what_stands_in_them(self):
        found = proposed(
            b"F1;a@b.example;NL91ABNA0417164300;12,50;01-09-2026\n"
            b"F2;c@d.example;BE68539007547034;13,50;02-09-2026\n"
            b"F3;e@f.example;NL91ABNA0417164300;14,50;13-09-2026\n"
        )
        assert found["email"] == "column 2"
        assert found["iban"] == "column 3"
        assert found["amount"] == "column 4"
        assert found["issued_on"] == "column 5"

    def test_say_why(self):
        table = read_table(b"Bedrag;Naam tegenpartij;Iets\n12,50;Jansen;a@b.example\n")
        reasons = {reason.field: reason.why for reason in propose(table.headers, table.sample).reasons}
        assert reasons == {"amount": "named", "debtor_name": "hinted", "email": "content"}

    def test_never_take_a_column_for_what_its_values_are_not(self):
        assert "amount" not in proposed(b"Bedrag;Naam\nhoog;Jansen\nlaag;Pieters\n")

    def test_take_eight_digits_that_are_no_day_of_our_time_for_a_number(self):
        found = proposed(
            "Code tiers;Nom tiers;N° pièce;Date;Solde EUR\n"
            "CLIDUP;Dupont SRL;26000123;15/01/2026;121,00\n"
            "CLILAM;Lambert;26000124;16/01/2026;100,00\n"
            "CLIMAR;Martin;26000125;17/01/2026;50,00\n".encode()
        )
        assert found["invoice_number"] == "N° pièce"

    def test_know_short_names_and_amounts_with_a_dash(self):
        found = proposed(
            b"DEBNR;DEBNAAM;FACTNR;FACTDAT;VERVDAT;Hoeveel\n"
            b"10001;Jansen;260012;05-03-2026;04-04-2026;100,-\n"
            b"10002;De Groot BV;260013;06-03-2026;05-04-2026;105,50\n"
        )
        assert [found[each] for each in ("invoice_number", "issued_on", "due_on", "amount")] == [
            "FACTNR", "FACTDAT", "VERVDAT", "Hoeveel",
        ]  # fmt: skip

    def test_take_a_name_with_a_number_before_it_for_a_name(self):
        found = proposed(
            b"Deb.nr.;Naam;Factuurnr.;Vervalt;Saldo\n"
            b"3332;3332 Bol BV;F1;06-02-2026;25,50\n"
            b"3333;3333 - Mol;F2;07-02-2026;73,00\n"
        )
        assert found["debtor_name"] == "Naam"
        assert found["debtor_reference"] == "Deb.nr."

    def test_never_take_the_creditor_s_own_account_for_the_debtor_s(self):
        own = b"BE68539007547034"
        lines = [b"%s;Jansen;F%d;12,50;0%d-09-2026" % (own, at, at) for at in range(1, 5)]
        assert "iban" not in proposed(b"\n".join([b"IBAN;Naam;Factuur;Bedrag;Datum", *lines]))

    def test_know_until_when_to_pay_from_what_is_to_be_paid(self):
        found = proposed(
            b"Nr;Klant;Datum;Te betalen voor;Nog te betalen\n"
            b"2026-10;Kaas BV;01-03-2026;15-04-2026;100,00\n"
            b"2026-11;Melk BV;02-03-2026;16-04-2026;110,00\n"
        )
        assert found["due_on"] == "Te betalen voor"
        assert found["amount"] == "Nog te betalen"

    def test_leave_out_what_its_values_show_to_be_something_else(self):
        content = (
            b"Relatiecode;Naam;Factuurnummer;Vervaldatum;Openstaand;Soort;Herinnering\n"
            b"R001;Smit;F26-001;03-03-2026;242,00;Factuur verstuurd;2e herinnering\n"
            b"R002;Mol;F26-002;07-03-2026;60,50;Factuur verstuurd;\n"
        )
        assert not {"debtor_kind", "reminder_1_on"} & proposed(content).keys()
        table = read_table(content)
        assert not {"debtor_kind", "reminder_1_on"} & recognise(table.headers, table.sample).columns.keys()
        told = content.replace(b"Factuur verstuurd", b"Particulier").replace(b"2e herinnering", b"01-05-2026")
        assert {"debtor_kind", "reminder_1_on"} <= proposed(told).keys()


class TestWithoutHeaders:
    def test_the_first_column_of_words_is_proposed_as_the_name(self):
        table = read_table(
            b"F1;Jansen Bouw;31-07-2026;31-08-2026;100,00;Werk\nF2;Smit;01-08-2026;01-09-2026;50,00;Werk\n"
            b"F3;Kok;13-08-2026;13-09-2026;25,00;Werk\n"
        )
        columns = propose(table.headers, table.sample).columns
        assert (columns["debtor_name"], columns["invoice_number"]) == ("column 2", "column 1")


class TestWhatIsLeft:
    def test_is_the_least_of_what_is_called_open(self):
        headers = ("Number", "Customer Name", "Due Date", "Amount Due", "Amount Paid", "Amount Remaining")
        sample = (
            (2, ["A-1", "Jansen", "2026-08-31", "1210.00", "0.00", "1210.00"]),
            (3, ["A-2", "Smit", "2026-08-31", "10.50", "0.50", "10.00"]),
        )
        proposal = propose(headers, sample)
        assert proposal.columns["amount"] == "Amount Remaining"
        assert [one.header for one in proposal.reasons if one.field == "amount"] == ["Amount Remaining"]

    def test_is_not_chosen_where_neither_is_always_the_least(self):
        headers = ("Number", "Customer Name", "Due Date", "Amount Due", "Amount Remaining")
        sample = (
            (2, ["A-1", "Jansen", "2026-08-31", "10.00", "12.00"]),
            (3, ["A-2", "Smit", "2026-08-31", "12.00", "10.00"]),
        )
        assert propose(headers, sample).columns["amount"] == "Amount Due"


class TestWriting:
    @pytest.mark.parametrize(
        ("amounts", "sign", "doubt"),
        [
            (["1.234,56", "12,00"], ",", ""),
            (["1,234.56"], ".", ""),
            (["1.234", "99,50"], ",", ""),
            (["1.234"], None, "1.234"),
            (["1,50", "1.50"], None, "1,50"),
            (["100"], None, ""),
        ],
    )
    def test_of_amounts_is_what_the_file_itself_says(self, amounts, sign, doubt):
        found = find_writing({"amount": "A"}, ("A",), [(2, [amount]) for amount in amounts])
        assert (found.decimal_sign, found.amount) == (sign, doubt)

    @pytest.mark.parametrize(
        ("days", "order", "doubt"),
        [
            (["13/01/2026", "02/03/2026"], "day", ""),
            (["01/13/2026"], "month", ""),
            (["02/03/2026"], None, "02/03/2026"),
            (["02-03-2026"], "day", ""),
            (["2026-03-02"], "day", ""),
            (["1-8-26"], "day", ""),
            (["01-08-26", "31-08-26"], "day", ""),
            (["08/31/26", "08/02/26"], "month", ""),
            (["26-08-01", "26-08-31"], None, "26-08-01"),
            (["01-08-26"], None, "01-08-26"),
            (["1 aug 2026"], "day", ""),
            (["13/01/2026", "01/13/2026"], None, "13/01/2026"),
        ],
    )
    def test_of_days_is_what_the_file_itself_says(self, days, order, doubt):
        found = find_writing({"due_on": "D"}, ("D",), [(2, [day]) for day in days])
        assert (found.date_order, found.day) == (order, doubt)


class TestListsOfOtherTrades:
    def test_a_loan_system_s_columns_are_read_by_their_shortened_words(self):
        headers = (
            "LN_ACC_NO;CIF_NR;CUST_TYP;CUST_SHORT_NM;CUST_ADDR_1;CUST_PC;CUST_CTY;CNTRY_CD;CCY;DISB_DT;DISB_AMT"
            ";MAT_DT;INT_RT;PRIN_OS;INT_ACCR;TOT_OS;PRIN_OD;TOT_OD;OLDEST_DUE_DT"
        )
        rows = (
            f"202607{n:06};9001{n};I;JANSEN P{n};DORPSSTRAAT {n};1011 AB;UTRECHT;NL;EUR;202401{n:02};10000.00"
            f";202901{n:02};7.900;{2500 + n}.10;12.{n};{2600 + n}.00;{450 + n}.00;{460 + n}.45;202607{n:02}"
            for n in range(10, 20)
        )
        assert proposed("\n".join((headers, *rows)).encode()) == {
            "invoice_number": "LN_ACC_NO",
            "debtor_reference": "CIF_NR",
            "debtor_name": "CUST_SHORT_NM",
            "street": "CUST_ADDR_1",
            "postal_code": "CUST_PC",
            "city": "CUST_CTY",
            "country": "CNTRY_CD",
            "currency": "CCY",
            "issued_on": "DISB_DT",
            "amount": "TOT_OD",
            "due_on": "OLDEST_DUE_DT",
        }

    def test_what_stands_below_compte_is_no_bank_account_and_a_book_may_stand_before_a_number(self):
        rows = (
            f"40000{n};Garage {'ABCDE'[n]};VEN 2026/10{n};2{n}/07/2026;2{n}/08/2026;12,5{n}" for n in range(5)
        )
        table = read_table("\n".join(("Compte;Nom;Pièce;Date;Echéance;Solde", *rows)).encode())
        assert recognise(table.headers, table.sample).columns == {
            "debtor_name": "Nom",
            "invoice_number": "Pièce",
            "issued_on": "Date",
            "due_on": "Echéance",
            "amount": "Solde",
        }
        columns = propose(table.headers, table.sample).columns
        assert (columns["debtor_reference"], columns["invoice_number"]) == ("Compte", "Pièce")

    def test_rows_of_one_invoice_are_asked_about_where_two_invoices_have_them(self):
        headers = "Debiteurnr;Naam;Factuurnr;Factuurdatum;Openstaand"
        lines = ["7;Jansen;Z1;01-06-2026;35,00", "7;Jansen;Z1;01-06-2026;12,50", "8;Smit;Z2;13-06-2026;9,95"]
        table = read_table("\n".join((headers, *lines)).encode())
        assert recognise(table.headers, table.sample).repeats == "once"
        table = read_table("\n".join((headers, *lines, "8;Smit;Z2;13-06-2026;1,05")).encode())
        with pytest.raises(UnclearColumns) as asked:
            recognise(table.headers, table.sample)
        assert (asked.value.field, asked.value.message) == ("invoice_number", SEVERAL_LINES)
