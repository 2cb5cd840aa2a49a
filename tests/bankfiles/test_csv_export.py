"""CSV exports: each bank's layout, balances where rows carry them, and refusals that name row and column."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agency.money import Money
from agency.ports.readers import BankLine, BankStatement, Unreadable
from integrations.bankfiles import read_bank_file
from tests.bankfiles.one_day import ACCOUNT, Paid, bunq, ing

pytestmark = pytest.mark.pure

RABOBANK = (
    '"IBAN/BBAN","Munt","BIC","Volgnr","Datum","Rentedatum","Bedrag","Saldo na trn",'
    '"Tegenrekening IBAN/BBAN","Naam tegenpartij","Naam uiteindelijke partij","Naam initiërende partij",'
    '"BIC tegenpartij","Code","Batch ID","Transactiereferentie","Machtigingskenmerk","Incassant ID",'
    '"Betalingskenmerk","Omschrijving-1","Omschrijving-2","Omschrijving-3","Reden retour","Oorspr bedrag",'
    '"Oorspr munt","Koers"\n'
    '"NL91ABNA0417164300","EUR","RABONL2U","000000000000007000","2026-11-02","2026-11-02","+25,00","+125,00",'
    '"NL86INGB0002445588","J JANSEN","","","INGBNL2A",'
    '"cb","","E2E-1","","","","Factuur ","42 privé","","","","",""\n'
    '"NL91ABNA0417164300","EUR","RABONL2U","000000000000007001","2026-11-02","2026-11-03","-1.234,50",'
    '"-1.109,50","NL86INGB0002445588","J JANSEN","","","INGBNL2A","ei","","","M-7","","","terug","","",'
    '"MD06 - Terugbetaling","","",""\n'
).encode("cp1252")

ABN_TAB = (
    b"417164300\tEUR\t20261102\t100,00\t112,90\t20261102\t25,00\tSEPA Overboeking                 "
    b"IBAN: NL86INGB0002445588        BIC: INGBNL2A                    Naam: J JANSEN"
    b"                  Omschrijving: Factuur 42        Kenmerk: E2E-1\r\n"
    b"417164300\tEUR\t20261102\t100,00\t112,90\t20261102\t-12,10\t/TRTP/SEPA OVERBOEKING/IBAN/"
    b"NL86INGB0002445588/BIC/INGBNL2A/NAME/J JANSEN/REMI/Loon/EREF/NOTPROVIDED\r\n"
)

KBC = (
    b"Rekeningnummer;Rubrieknaam;Naam;Munt;Afschriftnummer;Datum;Omschrijving;Valuta;"
    b"Bedrag;Saldo;credit;debet;"
    b"rekeningnummer tegenpartij;BIC tegenpartij;Naam tegenpartij;Adres tegenpartij;"
    b"gestructureerde mededeling;"
    b"Vrije mededeling\r\n"
    b"BE68539007547034;;AGENCY;EUR; 02026001;03/11/2026;"
    b"EUROPESE OVERSCHRIJVING;03/11/2026;-12,10;112,90;;-12,10;"
    b"BE43068999999501;;J JANSEN;;;loon\r\n"
    b"BE68539007547034;;AGENCY;EUR; 02026001;02/11/2026;"
    b"EUROPESE OVERSCHRIJVING;02/11/2026;25,00;125,00;25,00;;"
    b"BE43068999999501;;J JANSEN;;+++123/4567/89002+++;\r\n"
)

BELFIUS = (
    "Boekingsdatum vanaf;01/11/2026\r\nBoekingsdatum tot en met;03/11/2026\r\n;\r\n;\r\n"
    "Rekening;Boekingsdatum;Rekeninguittrekselnummer;Transactienummer;Rekening tegenpartij;"
    "Naam tegenpartij bevat;Straat en nummer;Postcode en plaats;Transactie;Valutadatum;Bedrag;Devies;BIC;"
    "Landcode;Mededelingen\r\n"
    "BE68 5390 0754 7034;02/11/2026;00011;3;BE43 0689 9999 9501;J JANSEN;;;"
    "overschrijving;02/11/2026;1.025,00;"
    "EUR;GKCCBEBB;BE;Factuur 42 \xe9\r\n"
).encode("latin-1")


def one(content: bytes) -> BankStatement:
    (only,) = read_bank_file(content)
    return only


def first(content: bytes) -> BankLine:
    return one(content).lines[0]


class TestLayouts:
    def test_ing_with_the_latest_row_first(self):
        read = one(ing([Paid(2500, end_to_end="E2E-1"), Paid(-1210)], 10_000))
        assert (read.format, read.account, read.currency, read.balances) == ("CSV ING", ACCOUNT, "EUR", True)
        assert (read.opening, read.closing) == (Money(10_000, "EUR"), Money(11_290, "EUR"))
        assert [line.amount.minor for line in read.lines] == [2_500, -1_210]
        line = read.lines[0]
        assert (line.text, line.end_to_end, line.counterparty_iban, line.counterparty) == (
            "Factuur 42", "E2E-1", "NL86INGB0002445588", "J JANSEN",
        )  # fmt: skip

    def test_ing_without_balances_says_so(self):
        content = (
            b'"Datum","Naam / Omschrijving","Rekening","Tegenrekening","Code","Af Bij","Bedrag (EUR)",'
            b'"MutatieSoort","Mededelingen"\n'
            b'"20261102","J JANSEN","NL91ABNA0417164300","","BA","Af","1,05","Betaalautomaat",'
            b'"Pasvolgnr: 001"\n'
        )
        read = one(content)
        assert (read.opening, read.closing, read.net.minor, read.balances) == (None, None, -105, None)
        assert read.warnings == ("this export carries no balances: nothing tells whether rows are missing",)

    def test_ing_in_english(self):
        content = (
            b'"Date";"Name / Description";"Account";"Counterparty";"Code";"Debit/credit";"Amount (EUR)";'
            b'"Transaction type";"Notifications";"Resulting balance";"Tag"\n'
            b'"20261102";"J JANSEN";"NL91ABNA0417164300";"";"OV";"Credit";"25,00";"Transfer";'
            b'"Name: J JANSEN Description: Invoice 42 IBAN: NL86INGB0002445588 '
            b'Reference: E2E-1";"125,00";""\n'
        )
        line = first(content)
        assert (line.amount.minor, line.text, line.end_to_end) == (2_500, "Invoice 42", "E2E-1")

    def test_rabobank_in_its_own_code_page(self):
        read = one(RABOBANK)
        assert (read.opening, read.closing, read.net.minor) == (
            Money(10_000, "EUR"), Money(-110_950, "EUR"), -120_950,
        )  # fmt: skip
        credit, debit = read.lines
        assert (credit.text, credit.end_to_end, credit.bank_ref) == (
            "Factuur 42 privé", "E2E-1", "000000000000007000",
        )  # fmt: skip
        assert (debit.return_reason, debit.value_on.day, debit.booked_on.day) == ("MD06", 3, 2)

    def test_abn_amro_without_a_header_row_and_with_the_days_balances_on_each_row(self):
        read = one(ABN_TAB)
        assert (read.account, read.opening, read.closing, read.balances) == (
            "417164300", Money(10_000, "EUR"), Money(11_290, "EUR"), True,
        )  # fmt: skip
        told = [
            (line.text, line.counterparty, line.counterparty_iban, line.end_to_end) for line in read.lines
        ]
        assert told == [
            ("Factuur 42", "J JANSEN", "NL86INGB0002445588", "E2E-1"),
            ("Loon", "J JANSEN", "NL86INGB0002445588", None),
        ]  # fmt: skip

    def test_kbc_with_a_structured_communication(self):
        read = one(KBC)
        assert (read.opening, read.closing) == (Money(10_000, "EUR"), Money(11_290, "EUR"))
        assert read.lines[0].structured_reference == "+++123/4567/89002+++"
        assert read.lines[1].text == "loon EUROPESE OVERSCHRIJVING"

    def test_belfius_under_its_preamble(self):
        read = one(BELFIUS)
        assert (read.account, read.net.minor, read.balances) == ("BE68539007547034", 102_500, None)
        assert read.lines[0].text == "Factuur 42 é overschrijving"

    def test_bunq_with_a_decimal_comma(self):
        assert [line.amount.minor for line in one(bunq([Paid(75_000), Paid(-256)])).lines] == [75_000, -256]

    def test_each_account_of_an_export_is_a_statement(self):
        other = bunq([Paid(100)]).splitlines()[1].replace(ACCOUNT.encode(), b"BE68539007547034")
        read = read_bank_file(bunq([Paid(2500)]) + b"\n" + other)
        assert [(statement.account, statement.net.minor) for statement in read] == [
            (ACCOUNT, 2_500), ("BE68539007547034", 100),
        ]  # fmt: skip

    def test_rows_that_are_missing_leave_no_balances(self):
        rows = ing([Paid(2500), Paid(100), Paid(-1210)], 10_000).splitlines(keepends=True)
        read = one(b"".join([rows[0], rows[1], rows[3]]))
        assert (read.opening, read.net.minor) == (None, 1_290)
        assert "do not follow on one another" in read.warnings[0]


class TestRefused:
    @pytest.mark.parametrize(
        ("cell", "instead", "reason"),
        [
            (b"25,00", b"12..34", "row 2, amount: the amount '12..34' cannot be read"),
            (b"25,00", b"25.00", "row 2, amount: the amount '25.00' cannot be read"),
            (b"25,00", b"1.23,00", "row 2, amount"),
            (b"20261102", b"20261302", "row 2, booked_on: '20261302' is not a date"),
            (b'"Bij"', b'"Bijna"', "row 2, Af Bij: 'Bijna' is neither in nor out"),
            (b'"25,00"', b'"-25,00"', "row 2: a negative amount and a direction besides"),
            (b'"Bij";', b"", "row 2: 10 columns where there are 11"),
            (b'"NL91ABNA0417164300"', b'""', "row 2: no account"),
            (b'125,00"', b'abc"', "row 2, balance_after"),
        ],
    )
    def test_row_column_and_reason_are_named(self, cell, instead, reason):
        with pytest.raises(Unreadable, match=reason.replace("(", r"\(")):
            read_bank_file(ing([Paid(2500)], 10_000).replace(cell, instead))

    def test_a_header_of_an_unknown_bank_is_shown(self):
        with pytest.raises(Unreadable, match="it begins with 'Fecha;Concepto;Importe'"):
            read_bank_file(b"Fecha;Concepto;Importe\n2026-11-02;Alquiler;1,00\n")

    def test_a_header_alone_is_refused(self):
        with pytest.raises(Unreadable, match="a header and no line"):
            read_bank_file(ing([], 10_000))

    @pytest.mark.parametrize("content", [ing([Paid(2500), Paid(-1210)], 10_000), RABOBANK])
    def test_b5_a_row_cut_anywhere_is_refused_as_a_whole_or_had_lost_nothing(self, content):
        whole, last_row = one(content), content.rstrip(b"\n").rfind(b"\n") + 1
        for end in range(last_row + 1, len(content.rstrip(b"\n"))):
            try:
                assert one(content[:end]).lines == whole.lines
            except Unreadable:
                continue
            assert content[end:].strip() == b'""'

    @given(place=st.integers(0, len(ABN_TAB) - 1), byte=st.integers(0, 255))
    def test_one_wrong_byte_is_read_or_refused_and_nothing_else(self, place, byte):
        content = bytearray(ABN_TAB)
        content[place] = byte
        with contextlib.suppress(Unreadable):
            assert read_bank_file(bytes(content))
