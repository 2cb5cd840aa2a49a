"""Small MT940 files, each bent in one place, and the dialects of field :86:."""

import contextlib
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agency.money import Money
from agency.ports.readers import NO_CURRENCY, BankLine, BankStatement, Unreadable
from integrations.bankfiles import read_bank_file
from tests.bankfiles.bank_samples import IBAN, MT940

pytestmark = pytest.mark.pure


def euro(text: str) -> Money:
    return Money.parse(text, "EUR")


def one(text: str) -> BankStatement:
    """The statement in a file of one."""
    (read,) = read_bank_file(text.encode())
    return read


def line_of(transaction: str = ":61:2611021102C25,00NTRFNONREF", details: str = ":86:Factuur 42") -> BankLine:
    """The line that a transaction becomes."""
    (line,) = one(
        f":20:X\n:25:{IBAN}\n:60F:C261101EUR0,\n{transaction}\n{details}\n:62F:C261102EUR0,\n-\n"
    ).lines
    return line


class TestStatement:
    def test_every_fact_is_found(self):
        read = one(MT940)
        assert (read.kind, read.format, read.id) == ("statement", "MT940", "ABN AMRO BANK NV")
        assert (read.account, read.currency, read.number) == (IBAN, "EUR", "30601/1")
        assert (read.opening, read.closing, read.net) == (euro("100.00"), euro("119.50"), euro("19.50"))
        assert (read.opens_on, read.closes_on) == (date(2026, 11, 1), date(2026, 11, 2))
        assert (read.entries, read.balances, read.warnings) == (2, True, ())

    def test_every_fact_of_a_line_is_found(self):
        line = one(MT940).lines[0]
        assert (line.amount, line.booked_on, line.value_on) == (
            euro("25.00"),
            date(2026, 11, 2),
            date(2026, 11, 2),
        )
        assert (line.bank_ref, line.end_to_end, line.text) == ("B1", "E2E-1", "Factuur 42")
        assert (line.counterparty, line.counterparty_iban) == ("J JANSEN", "NL86INGB0002445588")

    @pytest.mark.parametrize(
        ("info", "reason"), [("niet ingelost", "NARR"), ("/RTRN/MS03/REMI/plan", "MS03")]
    )
    def test_b9_a_returned_item_says_why_or_that_its_text_does(self, info, reason):
        text = MT940.replace(":86:BEA   NR:XXX1234   02.11.26/12.54 DIRCKIII", f":86:{info}")
        line = one(text.replace("D5,5N426", "D5,5NRTI")).lines[1]
        assert (line.return_reason, line.reversal) == (reason, False)

    def test_a_statement_that_does_not_tie_is_read_with_both_figures(self):
        read = one(MT940.replace("EUR119,50", "EUR120,00"))
        assert read.balances is False
        assert read.warnings == ("opening 100.00 and entries 19.50 make 119.50, closing says 120.00",)

    @pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
    @pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "latin-1"])
    def test_line_ends_and_encodings_may_vary(self, end, encoding):
        text = MT940.replace("J JANSEN", "ZOË").replace("\n", end)
        (read,) = read_bank_file(text.encode(encoding))
        assert (read.balances, read.lines[0].counterparty) == (True, "ZOË")

    def test_swift_blocks_control_characters_and_blank_lines_do_no_harm(self):
        text = "\x01{1:F01INGBNL2AXXXX}{2:I940}{4:\n" + MT940.replace("-\n", "-}{5:}\x03\n").replace(
            ":61:", "\n:61:"
        )
        assert one(text).balances is True

    def test_blanks_before_a_tag_do_no_harm(self):
        assert one("".join(f"  {line}\n" for line in MT940.splitlines())).balances is True

    def test_statements_follow_one_another(self):
        second = MT940.replace(":28C:30601/1", ":28C:30602/1").replace(IBAN, "BE68539007547034")
        first, other = read_bank_file((MT940 + second).encode())
        assert (first.account, other.account) == (IBAN, "BE68539007547034")

    def test_an_interim_report_is_no_statement(self):
        read = one(
            ":20:X\n:25:123\n:34F:EURD0,\n:13D:2611021200+0100\n:61:2611021102C25,00NTRFNONREF\n:90C:1EUR25,00\n"
        )
        assert (read.kind, read.format, read.currency) == ("report", "MT942", "EUR")
        assert (read.net, read.opening, read.balances) == (euro("25.00"), None, None)

    def test_a_floor_limit_and_a_sum_may_have_a_blank_and_no_nought(self):
        text = ":20:X\n:25:123\n{}\n:13:2611021200\n:61:261102C,02NTRFNONREF\n{}\n-\n"
        for floor, total in ((":34F:EUR 999999999999,99", ":90C:1XXX"), (":34F:", ":90C:1EUR,02")):
            read = one(text.format(floor, total))
            assert (read.currency, read.net) == ("EUR", euro("0.02"))

    def test_a_balance_may_leave_out_the_nought(self):
        read = one(MT940.replace("EUR100,00", "EUR,50").replace("EUR119,50", "EUR20,"))
        assert (read.opening, read.balances) == (euro("0.50"), True)

    def test_an_end_mark_at_the_wrong_place_ends_nothing(self):
        for mark in ("-", "-\n"):
            assert one(MT940.replace(":61:", f"{mark}:61:")).balances is True
        assert one(MT940.replace(":25:", "-:25:")).account == IBAN

    def test_a_file_that_names_no_currency_says_so(self):
        read = one(":61:2611021102C25,00NTRFNONREF\n")
        assert (read.currency, read.net) == (None, Money.parse("25.00", NO_CURRENCY))

    def test_details_after_a_closing_balance_are_not_those_of_a_line(self):
        read = one(MT940.replace("-\n", ":86:/SUM/\n-\n"))
        assert read.lines[1].text == "BEA NR:XXX1234 02.11.26/12.54 DIRCKIII"


class TestTransaction:
    @pytest.mark.parametrize(
        ("mark", "amount", "reversal"),
        [
            ("C", "25.00", False), ("CR", "25.00", False), ("D", "-25.00", False), ("DD", "-25.00", False),
            ("RC", "-25.00", True), ("RCR", "-25.00", True), ("RD", "25.00", True), ("RDR", "25.00", True),
        ],
    )  # fmt: skip
    def test_the_mark_says_which_way_the_money_went(self, mark, amount, reversal):
        line = line_of(f":61:2611021102{mark}25,00NTRFNONREF")
        assert (line.amount, line.reversal) == (euro(amount), reversal)

    @pytest.mark.parametrize("mark", ["EC", "ED"])
    def test_an_expected_movement_is_counted_and_left_out(self, mark):
        read = one(f":20:X\n:34F:EUR0,\n:61:261102{mark}25,00NTRFNONREF\n")
        assert (read.entries, read.lines) == (1, ())

    @pytest.mark.parametrize(
        ("stated", "amount"),
        [
            ("25,", "25.00"),
            ("25,5", "25.50"),
            ("25", "25.00"),
            ("000000000025,00", "25.00"),
            ("25,00 ", "25.00"),
            (",50", "0.50"),
            ("\n25,00", "25.00"),
        ],
    )
    def test_amounts_are_read_as_banks_write_them(self, stated, amount):
        assert line_of(f":61:2611021102C{stated}NTRFNONREF").amount == euro(amount)

    @pytest.mark.parametrize(
        ("days", "booked", "value"),
        [
            ("2611021103", date(2026, 11, 3), date(2026, 11, 2)),
            ("2612310102", date(2027, 1, 2), date(2026, 12, 31)),
            ("2701021231", date(2026, 12, 31), date(2027, 1, 2)),
            ("261102    ", date(2026, 11, 2), date(2026, 11, 2)),
            ("261102", date(2026, 11, 2), date(2026, 11, 2)),
            ("1602300301", date(2016, 3, 1), date(2016, 2, 29)),
            ("1702300229", date(2017, 2, 28), date(2017, 2, 28)),
        ],
    )
    def test_days_without_a_year_blank_days_and_30_february(self, days, booked, value):
        line = line_of(f":61:{days}D6,00N024NONREF")
        assert (line.booked_on, line.value_on) == (booked, value)

    def test_a_type_of_two_letters_and_a_blank(self):
        assert line_of(":61:261102D1,11NGT TMG TANGO").amount == euro("-1.11")


class TestDetails:
    def test_german_subfields(self):
        line = line_of(
            details=":86:166?00GUTSCHRIFT?100004770?20EREF+RE-2026-7?21SVWZ+Rechnung 7 vom 1."
            "?22 Oktober?30OLBODEH2XXX\n?31DE892805\n0100123456789?32WOHNBAU DIEPHOLZ?33 GMBH"
        )
        assert (line.text, line.end_to_end) == ("Rechnung 7 vom 1. Oktober", "RE-2026-7")
        assert (line.counterparty, line.counterparty_iban) == (
            "WOHNBAU DIEPHOLZ GMBH",
            "DE8928050100123456789",
        )

    def test_german_subfields_that_are_not_full_ended_on_purpose(self):
        line = line_of(
            details=":86:171?00EINZUG?20E-MOBILITY ABRECHNUNG?21NR. 28 ZU VERTRAG 9433, KUN?22DENNUMMER 1"
        )
        assert line.text == "E-MOBILITY ABRECHNUNG NR. 28 ZU VERTRAG 9433, KUNDENNUMMER 1"

    def test_triodos_writes_angle_brackets(self):
        line = line_of(details=":86:000>100133967858\n>20 HUUR>21 KANTOOR - FEB 2026>310390123456")
        assert (line.text, line.counterparty_iban) == ("HUUR KANTOOR - FEB 2026", "133967858")

    def test_triodos_puts_an_iban_and_its_bank_before_the_text(self):
        line = line_of(
            details=":86:000>100000000000\n>20RABONL2U\n>21NL91ABNA0417164300\n"
            ">22FACTUUR 42 KLANTNUMMER 1234>2356 HUUR NOVEMBER>310390123456"
        )
        assert (line.text, line.counterparty_iban) == (
            "FACTUUR 42 KLANTNUMMER 123456 HUUR NOVEMBER",
            "NL91ABNA0417164300",
        )

    def test_a_question_mark_of_the_payers_is_text(self):
        line = line_of(details=":86:166?00GUTSCHRIFT?20SVWZ+Rechnung 7?99 Euro richtig?32A BAUER")
        assert (line.text, line.counterparty) == ("Rechnung 7?99 Euro richtig", "A BAUER")

    @pytest.mark.parametrize(("code", "reason"), [("109", "NARR"), ("159", "NARR"), ("166", None)])
    def test_b9_the_german_code_of_a_return(self, code, reason):
        line = line_of(details=f":86:{code}?00RETOURE?20EREF+RE-7?21SVWZ+KONTO ERLOSCHEN")
        assert (line.return_reason, line.end_to_end) == (reason, "RE-7")

    def test_abn_amro_wraps_a_name_and_a_reference(self):
        line = line_of(
            details=":86:/TRTP/SEPA OVERBOEKING/IBAN/FR12345678901234/BIC/GEFRADAM\n"
            "/NAME/QASD JGRED/REMI/Dit zijn de omschrijvingsregels/EREF/NOTPRO\nVIDED"
        )
        assert (line.text, line.end_to_end) == ("Dit zijn de omschrijvingsregels", None)
        assert (line.counterparty, line.counterparty_iban) == ("QASD JGRED", "FR12345678901234")

    def test_ing_puts_the_counterparty_in_one_subfield(self):
        line = line_of(
            details=":86:/EREF/EV12341REP1231456T1234//CNTP/NL32INGB0000012345/INGBNL2A/ING BANK NV INZAKE\n"
            "WEB///REMI/USTD//EV10001REP1000000T1000/"
        )
        assert (line.text, line.end_to_end) == ("EV10001REP1000000T1000", "EV12341REP1231456T1234")
        assert (line.counterparty, line.counterparty_iban) == ("ING BANK NV INZAKE WEB", "NL32INGB0000012345")

    @pytest.mark.parametrize("word", ["BENM", "ORDP"])
    def test_ing_of_large_companies_names_the_other_party_by_its_part(self, word):
        line = line_of(
            ":61:261102D1,45N038MARF",
            f":86:/RTRN/MS03//BUSP/Europese Incasso/eenmalig//{word}/NL86INGB00024455\n"
            "88/INGBNL2A/J JANSEN///CSID/NL32ZZZ999999991234//EREF/E2E-1//REMI\n///Factuur 42/",
        )
        assert (line.return_reason, line.counterparty, line.counterparty_iban) == (
            "MS03", "J JANSEN", "NL86INGB0002445588",
        )  # fmt: skip
        assert (line.text, line.end_to_end) == ("Factuur 42", "E2E-1")

    def test_words_behind_the_reason_of_a_return_are_no_part_of_it(self):
        assert line_of(details=":86:/RTRN/AC04//XYZ/1//NAME/X/REMI/42/").return_reason == "AC04"

    def test_ing_begins_what_was_returned_with_the_reason(self):
        line = line_of(details=":86:AC04 NL86INGB0002445588 J JANSEN\nFactuur 42")
        assert (line.return_reason, line.counterparty, line.counterparty_iban, line.text) == (
            "AC04", "J JANSEN", "NL86INGB0002445588", "Factuur 42",
        )  # fmt: skip
        assert line_of(details=":86:AC04 zonder rekening").return_reason is None

    def test_ing_names_a_structured_reference(self):
        line = line_of(details=":86:/CNTP/NL32INGB0000012345/INGBNL2A/X///REMI/STRD/CUR/9999123456789012/")
        assert (line.structured_reference, line.text) == ("9999123456789012", "")

    @pytest.mark.parametrize(
        "remitted",
        [
            "/REMI//CDTRREFTP//CD/SCOR/ISSR/CUR/CDTRREF/9999123456789012/ISDT/2026-11-02",
            "/REMI/ISSUER: CUR                  REF: 9999123456789012/EREF/NOTPROVIDED",
        ],
    )
    def test_rabobank_and_abn_amro_put_words_around_a_structured_reference(self, remitted):
        line = line_of(details=f":86:/NAME/J JANSEN{remitted[:40]}\n{remitted[40:]}")
        assert (line.structured_reference, line.text) == ("9999123456789012", "")

    def test_the_first_word_that_says_something_counts(self):
        assert line_of(details=":86:/ORDP//NAME/X/REMI//REMI/Factuur 42").text == "Factuur 42"

    def test_a_payer_may_write_a_word_of_the_banks(self):
        line = line_of(details=":86:/NAME/J JANSEN/REMI/dossier 12/NAME/34/EREF/E2E-1")
        assert (line.text, line.counterparty, line.end_to_end) == ("dossier 12/NAME/34", "J JANSEN", "E2E-1")
        assert line_of(details=":86:Factuur 2026/ID/33").text == "Factuur 2026/ID/33"

    def test_rabobank_puts_the_account_below_the_transaction(self):
        line = line_of(
            ":61:130101D000000000025,00N102EREF            \nNL70ABNA0987654321",
            ":86:/EREF/01-01-2013 12:00 0030000987654321/BENM//NAME/CONTRA ACCOUN\n"
            "T HOLDER/REMI/Huur/ISDT/2013-07-11",
        )
        assert (line.counterparty, line.counterparty_iban) == ("CONTRA ACCOUNT HOLDER", "NL70ABNA0987654321")
        assert (line.text, line.end_to_end) == ("Huur", "01-01-2013 12:00 0030000987654321")

    def test_rabobank_repeats_the_field(self):
        line = line_of(details=":86:BETALINGSKENM.  123456789   \n:86:FACTUURNUMMER 987654321   ")
        assert line.text == "BETALINGSKENM. 123456789 FACTUURNUMMER 987654321"

    def test_abn_amro_labels_facts_in_two_columns(self):
        line = line_of(
            details=":86:SEPA OVERBOEKING                 IBAN: NL86INGB0002445588\n"
            "BIC: INGBNL2A                    NAAM: J JANSEN EN P PIETERSEN-DE\nVRIES\n"
            "OMSCHRIJVING: FACTUREN 42 EN 43B  BIS                 KENMERK:\nE2E-1"
        )
        assert (line.counterparty, line.counterparty_iban, line.end_to_end, line.text) == (
            "J JANSEN EN P PIETERSEN-DEVRIES", "NL86INGB0002445588", "E2E-1", "FACTUREN 42 EN 43B BIS",
        )  # fmt: skip

    def test_abn_amro_labels_a_structured_reference(self):
        line = line_of(
            details=":86:SEPA ACCEPTGIROBETALING          IBAN: NL86INGB0002445588\n"
            "BIC: INGBNL2A                    NAAM: J JANSEN\nBETALINGSKENM.: 1234123412345678"
        )
        assert (line.structured_references, line.text) == (("1234123412345678",), "")

    def test_words_of_the_kind_of_payment_alone_stay_text(self):
        assert line_of(details=":86:SEPA INCASSO ALGEMEEN").text == "SEPA INCASSO ALGEMEEN"

    def test_without_details_the_reference_in_the_transaction_is_the_text(self):
        assert line_of(":61:2611021102C25,00NMSCLoon week 44", "").text == "Loon week 44"
        assert line_of(":61:2611021102C25,00NMSCEREF", "").text == ""

    def test_words_outside_the_standard_count_where_there_are_no_others(self):
        assert line_of(details=":NS:01Straat 1\n:86:>20Factuur 42").text == "Factuur 42"
        assert line_of(details=":NS:Factuur 42").text == "Factuur 42"

    def test_a_payment_order_is_named_where_nothing_else_is(self):
        assert line_of(details=":86:/PREF/ORDER-7").text == "ORDER-7"

    def test_abn_amro_says_why_a_direct_debit_came_back(self):
        line = line_of(
            ":61:2611021102D25,00N246NONREF",
            ":86:/RTYP/SEPA Incasso niet uitgevoerd/MARF/M-7/RTRN/MS03/IBAN/NL86INGB0002445588\n"
            "/NAME/J JANSEN/REMI/Factuur 42/EREF/E2E-1",
        )
        assert (line.return_reason, line.text, line.end_to_end, line.counterparty) == (
            "MS03", "Factuur 42", "E2E-1", "J JANSEN",
        )  # fmt: skip

    def test_a_code_behind_a_reference_is_no_part_of_it(self):
        line = line_of(details=":86:/EREF/E2E-1/TRCD/541/ORDP//NAME/J JANSEN/REMI/Factuur 42")
        assert (line.end_to_end, line.counterparty) == ("E2E-1", "J JANSEN")

    def test_words_behind_an_account_are_no_part_of_it(self):
        line = line_of(details=":86:/NAME/J JANSEN/IBAN/NL86INGB0002445588 Factuur 42")
        assert line.counterparty_iban == "NL86INGB0002445588"

    def test_strokes_without_a_fact_that_is_known_are_text(self):
        assert line_of(details=":86:/OCMT/USD28,53/\nINVOICE 42").text == "/OCMT/USD28,53/ INVOICE 42"

    def test_knab_labels_the_last_line(self):
        line = line_of(details=":86:FACTUUR 201403110, 201403113\nREK: NL65INGB0123456789/NAAM: PICQER B.V.")
        assert (line.text, line.counterparty) == ("FACTUUR 201403110, 201403113", "PICQER B.V.")
        assert line.counterparty_iban == "NL65INGB0123456789"

    def test_asn_and_sns_put_account_and_name_on_the_first_line(self):
        line = line_of(details=":86:NL47INGB9999999999 hr g paulissen\n\nBetaling sieraden\n\n\n")
        assert (line.counterparty, line.counterparty_iban) == ("hr g paulissen", "NL47INGB9999999999")
        assert line.text == "Betaling sieraden"

    def test_plain_text_runs_on_where_it_fills_the_line(self):
        wrapped = "GIRO 428428 KPN - DIGITENNE VOOR DE MAAND NOVEMBER  KENMERK 00000"
        assert len(wrapped) == 65
        line = line_of(details=f":86:{wrapped}\n42188659\nBETREFT FACTUUR")
        assert line.text.endswith("KENMERK 0000042188659 BETREFT FACTUUR")

    def test_lines_longer_than_a_bank_wraps_at_end_where_the_payer_ended_them(self):
        first = "/IBAN/NL97ABNA0479445079/NAME/Bakkerij De Vries B.V./REMI/Factuur 2026-0042"
        line = line_of(details=f":86:{first}\n77 is ons klantnummer")
        assert line.text == "Factuur 2026-0042 77 is ons klantnummer"

    def test_a_wrapped_time_is_no_tag(self):
        line = line_of(details=":86:/REMI/PL 12-09-2014T16\n:26:37 Volgnr. 007\n:20:15 uur")
        assert line.text == "PL 12-09-2014T16:26:37 Volgnr. 007:20:15 uur"

    @given(st.text())
    def test_any_text_is_read(self, text):
        details = (
            text.encode("utf-8", "ignore").decode().replace("\x00", "").replace("\n", " ").replace("\r", " ")
        )
        assert line_of(details=f":86:{details}").amount == euro("25.00")


class TestRefusals:
    @pytest.mark.parametrize(
        ("old", "new", "reason"),
        [
            ("C25,00N654", "X25,00N654", "line 5: the transaction :61: cannot be read"),
            ("C25,00N654", "C2,5,00N654", "line 5: the amount '2,5,00' cannot be read"),
            ("C25,00N654", "C25.00N654", "line 5: the transaction :61: cannot be read"),
            ("C25,00N654", "C1.025,00N654", "line 5: the transaction :61: cannot be read"),
            ("C25,00N654", "C1 025,00N654", "line 5: the transaction :61: cannot be read"),
            ("C25,00N654", "C25,001N654", "line 5: an amount has more decimals than EUR"),
            ("2611021102C", "2613021102C", "line 5: 261302 is not a date"),
            ("2611021102C", "2611021302C", "line 5: 1302 is not a day of the year"),
            ("C261101EUR", "C261101EURO", "line 4: the balance :60F: cannot be read"),
            ("C261102EUR", "C261102USD", "a balance in USD on a statement in EUR"),
            (":62F:C261102EUR119,50\n-\n", "", "no closing balance"),
            (":62F:C261102EUR119,50\n-\n", ":62F:C261102EUR11", "119.50 follows from the entries, 11.00 is"),
            (":20:ABN", "{4:\n:20:ABN", None),
            ("\n-\n", "\n", None),
        ],
    )
    def test_the_reason_is_named(self, old, new, reason):
        assert old in MT940
        text = MT940.replace(old, new, 1)
        if reason is None:
            assert one(text).balances is True
        else:
            with pytest.raises(Unreadable, match=reason):
                read_bank_file(text.encode())

    def test_an_open_swift_block_is_cut_off(self):
        with pytest.raises(Unreadable, match="SWIFT block is not closed"):
            read_bank_file(("{4:\n" + MT940.replace("-\n", "")).encode())

    def test_a_statement_cut_off_before_another_is_named_by_its_line(self):
        cut = MT940[: MT940.index(":62F:")]
        with pytest.raises(Unreadable, match="line 4: this statement is cut off"):
            read_bank_file((cut + MT940).encode())

    def test_without_balances_nothing_tells_whether_entries_are_missing(self):
        read = one(f":20:X\n:25:{IBAN}\n:61:2611021102C25,00NTRFNONREF\n:86:Factuur 42\n-\n")
        assert "nothing tells whether entries are missing" in read.warnings[0]

    def test_nul_bytes_are_refused(self):
        with pytest.raises(Unreadable, match="NUL"):
            read_bank_file(MT940.encode() + b"\x00")

    def test_a_file_cut_anywhere_is_refused_or_holds_nothing_or_all(self):
        whole = one(MT940)
        for end in range(len(MT940)):
            with contextlib.suppress(Unreadable):
                (read,) = read_bank_file(MT940[:end].encode())
                nothing = (read.opening, read.closing, read.lines) == (None, None, ())
                assert nothing or read == whole, MT940[:end][-30:]

    @given(place=st.integers(0, len(MT940) - 1), byte=st.integers(0, 255))
    def test_one_wrong_byte_is_read_or_refused_and_nothing_else(self, place, byte):
        content = bytearray(MT940.encode())
        content[place] = byte
        with contextlib.suppress(Unreadable):
            assert read_bank_file(bytes(content))
