"""Small camt files, each bent in one place."""

import codecs
import contextlib
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agency.money import Money
from agency.ports.readers import BankLine, BankStatement, Unreadable
from integrations.bankfiles import read_bank_file
from tests.bankfiles.bank_samples import IBAN, balance, camt053, entry, statement

pytestmark = pytest.mark.pure

NAMESPACE = ' xmlns="urn:iso:std:iso:20022:tech:xsd:{}"'


def euro(text: str) -> Money:
    return Money.parse(text, "EUR")


def one(*entries: str, **parts: str) -> BankStatement:
    """The statement in a file of one."""
    (read,) = read_bank_file(camt053(statement(*entries, **parts)))
    return read


def line_of(**parts: str) -> BankLine:
    """The line that an entry becomes."""
    (line,) = one(entry(**parts)).lines
    return line


def detail(amount: str | None = None, *, mark: str = "", currency: str = "EUR", e2e: str = "E1") -> str:
    stated = f'<Amt Ccy="{currency}">{amount}</Amt>' if amount else ""
    direction = f"<CdtDbtInd>{mark}</CdtDbtInd>" if mark else ""
    return f"<TxDtls><Refs><EndToEndId>{e2e}</EndToEndId></Refs>{stated}{direction}</TxDtls>"


def parties(debtor: str = "", debtor_iban: str = "", creditor: str = "", creditor_iban: str = "") -> str:
    def side(role: str, name: str, iban: str) -> str:
        named = f"<{role}><Pty><Nm>{name}</Nm></Pty></{role}>" if name else ""
        return named + (f"<{role}Acct><Id><IBAN>{iban}</IBAN></Id></{role}Acct>" if iban else "")

    return (
        f"<TxDtls><RltdPties>{side('Dbtr', debtor, debtor_iban)}{side('Cdtr', creditor, creditor_iban)}"
        "</RltdPties></TxDtls>"
    )


class TestStatement:
    def test_every_fact_of_the_header_is_found(self):
        read = one(entry())
        assert (read.kind, read.format, read.id) == ("statement", "camt.053.001.08", "S1")
        assert (read.account, read.currency) == (IBAN, "EUR")
        assert (read.opening, read.closing, read.net) == (euro("100.00"), euro("125.00"), euro("25.00"))
        assert (read.opens_on, read.closes_on) == (date(2026, 11, 2), date(2026, 11, 2))
        assert (read.entries, read.balances, read.warnings) == (1, True, ())

    def test_a_statement_that_does_not_tie_is_read_with_both_figures(self):
        read = one(entry(), closing=balance("CLBD", "130.00"))
        assert read.balances is False
        assert read.warnings == ("opening 100.00 and entries 25.00 make 125.00, closing says 130.00",)
        assert len(read.lines) == 1

    def test_without_a_balance_it_is_not_said_to_tie(self):
        assert one(entry(), closing="").balances is None

    def test_yesterdays_close_opens_when_nothing_else_does(self):
        assert one(entry(), opening=balance("PRCD", "100.00")).balances is True

    def test_interim_and_available_balances_open_and_close_nothing(self):
        read = one(entry(), opening=balance("ITBD", "100.00"), closing=balance("CLAV", "125.00"))
        assert (read.opening, read.closing) == (None, None)

    def test_a_statement_that_opens_and_closes_each_of_its_days_spans_them_all(self):
        read = one(
            entry("25.00"),
            entry("5.00", ref="B2", day="2026-11-03"),
            opening=balance("OPBD", "125.00", day="2026-11-03") + balance("OPBD", "100.00", day="2026-11-02"),
            closing=balance("CLBD", "125.00", day="2026-11-02") + balance("CLBD", "130.00", day="2026-11-03"),
        )
        assert (read.opening, read.closing, read.balances) == (euro("100.00"), euro("130.00"), True)
        assert (read.opens_on, read.closes_on) == (date(2026, 11, 2), date(2026, 11, 3))

    def test_a_debit_balance_is_negative(self):
        read = one(entry(), opening=balance("OPBD", "25.00", mark="DBIT"), closing=balance("CLBD", "0.00"))
        assert (read.opening, read.balances) == (euro("-25.00"), True)

    def test_a_balance_without_a_mark_is_read_as_it_stands(self):
        read = one(entry(), opening=balance("OPBD", "100.00", mark=""))
        assert (read.opening, read.balances) == (euro("100.00"), True)
        assert read.warnings == ("balance OPBD says neither credit nor debit; read as it stands",)

    def test_a_balance_marked_with_another_currency_keeps_its_figure(self):
        read = one(entry(), closing=balance("CLBD", "125.00", currency="SEK"))
        assert (read.closing, read.balances) == (euro("125.00"), True)
        assert read.warnings == ("balance CLBD is marked SEK, the account is in EUR",)

    def test_statements_and_accounts_in_one_file_stand_apart(self):
        other = "<Acct><Id><Othr><Id>GB-7</Id></Othr></Id><Ccy>GBP</Ccy></Acct>"
        pounds = statement(
            entry("7.00", currency="GBP", direction="DBIT"), id="S2", account=other,
            opening=balance("OPBD", "10.00", currency="GBP"), closing=balance("CLBD", "3.00", currency="GBP"),
        )  # fmt: skip
        first, second = read_bank_file(camt053(statement(entry()), pounds))
        assert (first.account, first.net) == (IBAN, euro("25.00"))
        assert (second.account, second.net) == ("GB-7", Money.parse("-7.00", "GBP"))
        assert (first.balances, second.balances) == (True, True)

    def test_a_wrong_count_in_the_summary_is_a_warning(self):
        summary = "<TxsSummry><TtlNtries><NbOfNtries>3</NbOfNtries></TtlNtries></TxsSummry>"
        assert one(entry(), closing=balance("CLBD", "125.00") + summary).warnings == (
            "the summary counts 3 entries, the file holds 1",
        )

    @pytest.mark.parametrize(
        ("message", "report", "namespace", "kind", "format"),
        [
            ("BkToCstmrStmt", "Stmt", "camt.053.001.02", "statement", "camt.053.001.02"),
            ("BkToCstmrAcctRpt", "Rpt", "camt.052.001.13", "report", "camt.052.001.13"),
            ("BkToCstmrDbtCdtNtfctn", "Ntfctn", "camt.054.001.04", "notification", "camt.054.001.04"),
            ("BkToCstmrStmt", "Stmt", None, "statement", "camt.053"),
        ],
    )
    def test_every_kind_and_version_is_read(self, message, report, namespace, kind, format):
        text = camt053(
            statement(entry()), namespace=NAMESPACE.format(namespace) if namespace else ""
        ).decode()
        text = (
            text.replace("BkToCstmrStmt", message)
            .replace("<Stmt>", f"<{report}>")
            .replace("</Stmt>", f"</{report}>")
        )
        (read,) = read_bank_file(text.encode())
        assert (read.kind, read.format, len(read.lines)) == (kind, format, 1)

    def test_an_envelope_around_the_document_does_no_harm(self):
        inner = camt053(statement(entry())).partition(b"?>")[2]
        (read,) = read_bank_file(b"<message><AppHdr/>" + inner + b"</message>")
        assert read.balances is True

    @pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "iso-8859-1"])
    def test_the_encoding_may_vary(self, encoding):
        text = camt053(statement(entry(details=parties(debtor="Café Zoë")))).decode()
        text = text.replace("UTF-8", encoding.removesuffix("-sig"))
        assert read_bank_file(text.encode(encoding))[0].lines[0].counterparty == "Café Zoë"

    @pytest.mark.parametrize(
        "declared", ["", "<?xml version='1.0'?>", '<?xml version="1.0" encoding="UTF-8"?>\r\n',
                     '<?xml version="1.0" encoding="unicode"?>', '<?xml version="1.1" encoding="UTF-16"?>'],
    )  # fmt: skip
    @pytest.mark.parametrize(("mark", "encoding"), [
        (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"), (b"", "utf-16-le"),
        (b"", "utf-16-be"),
    ])  # fmt: skip
    def test_two_bytes_a_letter_are_told_by_their_mark_or_first_bracket(self, declared, mark, encoding):
        text = camt053(statement(entry(details=parties(debtor="Café Zoë")))).decode().partition("?>")[2]
        content = mark + f"{declared}{text}\r\n\0".encode(encoding)
        assert read_bank_file(content)[0].lines[0].counterparty == "Café Zoë"

    def test_blanks_behind_the_mark_of_two_bytes_a_letter_do_no_harm(self):
        content = "\ufeff\r\n" + camt053(statement(entry())).decode()
        assert read_bank_file(content.encode("utf-16-le"))[0].balances is True

    def test_what_stops_being_two_bytes_a_letter_is_refused(self):
        content = "\ufeff".encode("utf-16-le") + "<Document>".encode("utf-16-le") + b"\x00\xd8" * 9
        with pytest.raises(Unreadable, match="not well-formed XML"):
            read_bank_file(content)

    def test_the_first_version_has_its_number_in_the_name_of_its_message(self):
        content = camt053(statement(entry()), namespace=NAMESPACE.format("camt.053.001.01"))
        (read,) = read_bank_file(content.replace(b"BkToCstmrStmt", b"BkToCstmrStmtV01"))
        assert (read.format, read.balances) == ("camt.053.001.01", True)

    def test_an_account_may_be_written_with_blanks(self):
        (read,) = read_bank_file(
            camt053(
                statement(
                    entry(details=parties("J JANSEN", "", "AGENCY", IBAN)),
                    account="<Acct><Id><IBAN>NL91 ABNA 0417 1643 00</IBAN></Id><Ccy>EUR</Ccy></Acct>",
                )
            )
        )
        assert (read.account, read.lines[0].counterparty) == (IBAN, "J JANSEN")

    def test_without_balances_nothing_tells_whether_entries_are_missing(self):
        (read,) = read_bank_file(camt053(statement(entry(), closing="")))
        assert read.warnings == (
            "it has no opening or no closing balance: nothing tells whether entries are missing",
        )


class TestEntry:
    def test_every_fact_of_a_line_is_found(self):
        details = (
            "<TxDtls><Refs><EndToEndId>E2E-1</EndToEndId></Refs><RltdPties><Dbtr><Nm>J. Jansen</Nm></Dbtr>"
            "<DbtrAcct><Id><IBAN>NL86 INGB 0002 4455 88</IBAN></Id></DbtrAcct></RltdPties><RmtInf>"
            "<Ustrd>Factuur 42</Ustrd><Ustrd>en 43</Ustrd><Strd><CdtrRefInf><Tp><CdOrPrtry><Cd>SCOR</Cd>"
            "</CdOrPrtry></Tp><Ref>RF18539007547034</Ref></CdtrRefInf></Strd></RmtInf></TxDtls>"
        )
        line = line_of(details=details)
        assert (line.amount, line.booked_on, line.value_on) == (
            euro("25.00"),
            date(2026, 11, 2),
            date(2026, 11, 2),
        )
        assert (line.bank_ref, line.end_to_end, line.text) == ("B1", "E2E-1", "Factuur 42 en 43")
        assert line.structured_reference == "RF18539007547034"
        assert (line.counterparty, line.counterparty_iban) == ("J. Jansen", "NL86INGB0002445588")
        assert (line.reversal, line.return_reason, line.batch) == (False, None, False)

    def test_a_debit_goes_out(self):
        assert line_of(direction="DBIT").amount == euro("-25.00")

    @pytest.mark.parametrize(("direction", "amount"), [("CRDT", "25.00"), ("DBIT", "-25.00")])
    def test_a_reversal_never_flips_the_sign(self, direction, amount):
        line = line_of(direction=direction, extra="<RvslInd>true</RvslInd>")
        assert (line.amount, line.reversal) == (euro(amount), True)

    def test_a_returned_payment_names_its_reason_and_the_party_of_the_first_payment(self):
        reason = "<RtrInf><Rsn><Cd>MD06</Cd></Rsn></RtrInf></TxDtls>"
        line = line_of(
            direction="DBIT", extra="<RvslInd>true</RvslInd>",
            details=parties(debtor="P. Peters", creditor="De agent").replace("</TxDtls>", reason),
        )  # fmt: skip
        assert (line.counterparty, line.return_reason) == ("P. Peters", "MD06")

    @pytest.mark.parametrize(
        ("code", "reason", "name"), [("UPDD", "NARR", "P. Peters"), ("ESDD", None, "De agent")]
    )
    @pytest.mark.parametrize("of_the_entry", [True, False])
    def test_b9_a_return_is_known_by_its_transaction_code(self, of_the_entry, code, reason, name):
        family = f"<Cd>PMNT</Cd><Fmly><Cd>IDDT</Cd><SubFmlyCd>{code}</SubFmlyCd></Fmly>"
        stated = f"<BkTxCd><Domn>{family}</Domn></BkTxCd>"
        sides = parties(debtor="P. Peters", creditor="De agent")
        line = line_of(
            direction="DBIT",
            extra=stated if of_the_entry else "",
            details=sides if of_the_entry else sides.replace("</TxDtls>", f"{stated}</TxDtls>"),
        )
        assert (line.return_reason, line.counterparty) == (reason, name)

    @pytest.mark.parametrize("reason", ["Rsn", "RtrRsn"])
    @pytest.mark.parametrize(
        ("direction", "sides"),
        [
            ("DBIT", parties(debtor="P. Peters", debtor_iban="NL86INGB0002445588", creditor="De agent")),
            ("CRDT", parties(debtor="De agent", creditor="P. Peters", creditor_iban="NL86INGB0002445588")),
        ],
    )
    def test_b9_a_return_is_known_by_its_reason_where_it_is_not_marked(self, direction, sides, reason):
        why = f"<RtrInf><{reason}><Cd>AC04</Cd></{reason}></RtrInf></TxDtls>"
        line = line_of(direction=direction, details=sides.replace("</TxDtls>", why))
        assert (line.counterparty, line.counterparty_iban) == ("P. Peters", "NL86INGB0002445588")
        assert (line.return_reason, line.reversal) == ("AC04", False)

    @pytest.mark.parametrize("words", ["AddtlInf", "AddtlRtrRsnInf"])
    @pytest.mark.parametrize(("reason", "said"), [("", "NARR"), ("<Rsn><Cd>AC04</Cd></Rsn>", "AC04")])
    def test_b9_a_return_is_known_when_only_words_tell_why(self, words, reason, said):
        told = f"<RtrInf>{reason}<{words}>Rekening</{words}><{words}>opgeheven</{words}></RtrInf></TxDtls>"
        sides = parties(debtor="De agent", creditor="P. Peters")
        line = line_of(details=sides.replace("</TxDtls>", told))
        assert (line.counterparty, line.return_reason) == ("P. Peters", said)
        assert line.text == "Rekening opgeheven"

    def test_nothing_said_of_a_return_makes_no_return(self):
        line = line_of(details=parties(debtor="Betaler").replace("</TxDtls>", "<RtrInf/></TxDtls>"))
        assert (line.counterparty, line.return_reason) == ("Betaler", None)

    @pytest.mark.parametrize(
        ("direction", "details", "name"),
        [
            ("CRDT", parties(debtor="Betaler", creditor="Wij"), "Betaler"),
            ("DBIT", parties(debtor="Wij", creditor="Ontvanger"), "Ontvanger"),
            ("CRDT", parties(creditor="Alleen genoemd"), "Alleen genoemd"),
            (
                "CRDT",
                parties(debtor="Wij", debtor_iban=IBAN, creditor="Ander", creditor_iban="BE68539007547034"),
                "Ander",
            ),
            ("CRDT", parties(), None),
        ],
    )
    def test_the_counterparty_is_the_other_side(self, direction, details, name):
        assert line_of(direction=direction, details=details).counterparty == name

    @pytest.mark.parametrize("status", ["<Sts>BOOK</Sts>", "<Sts><Cd>BOOK</Cd></Sts>", ""])
    def test_a_booked_entry_is_known_in_every_version(self, status):
        assert len(one(entry(status=status)).lines) == 1

    @pytest.mark.parametrize("status", ["<Sts>PDNG</Sts>", "<Sts><Cd>INFO</Cd></Sts>"])
    def test_an_entry_that_is_not_booked_is_counted_and_left_out(self, status):
        read = one(entry(status=status))
        assert (read.entries, read.lines, read.net) == (1, (), euro("0.00"))
        assert "1 entries are not booked and are left out" in read.warnings

    def test_without_a_date_of_its_own_an_entry_is_dated_by_the_statement(self):
        assert line_of(day="").booked_on == date(2026, 11, 2)

    def test_placeholders_are_no_references(self):
        details = (
            "<TxDtls><Refs><EndToEndId>NOTPROVIDED</EndToEndId></Refs>"
            "<RmtInf><Ustrd>NOTPROVIDED</Ustrd></RmtInf></TxDtls>"
        )
        line = line_of(ref="NONREF", details=details)
        assert (line.end_to_end, line.text, line.bank_ref) == (None, "", None)

    def test_two_structured_references_are_kept_and_not_chosen_between(self):
        reference = "<Strd><CdtrRefInf><Ref>{}</Ref></CdtrRefInf></Strd>"
        details = f"<TxDtls><RmtInf>{reference.format('A1')}{reference.format('A2')}</RmtInf></TxDtls>"
        line = line_of(details=details)
        assert (line.structured_references, line.structured_reference) == (("A1", "A2"), None)

    def test_the_banks_own_words_serve_where_the_payer_wrote_none(self):
        text = entry(details="").replace("</Ntry>", "<AddtlNtryInf>Rente  november</AddtlNtryInf></Ntry>")
        assert one(text).lines[0].text == "Rente november"

    def test_an_entry_marked_with_another_currency_says_so_and_counts_by_its_figure(self):
        read = one(entry(currency="USD"))
        assert (read.lines[0].amount, read.lines[0].marked) == (Money.parse("25.00", "EUR"), "USD")
        assert (read.net, read.balances) == (euro("25.00"), True)
        assert read.warnings == ("1 entries name another currency than EUR",)

    def test_decimals_without_a_value_are_no_matter(self):
        assert line_of(amount="25.000").amount == euro("25.00")


class TestCollectiveEntry:
    def test_details_that_add_up_become_lines(self):
        read = one(entry(details=detail("20.00", e2e="A") + detail("5.00", e2e="B")))
        assert [line.amount for line in read.lines] == [euro("20.00"), euro("5.00")]
        assert [line.end_to_end for line in read.lines] == ["A", "B"]
        assert all(line.batch and line.bank_ref == "B1" for line in read.lines)
        assert (read.entries, read.net, read.warnings) == (1, euro("25.00"), ())

    def test_a_detail_may_go_the_other_way(self):
        read = one(entry(details=detail("30.00") + detail("5.00", mark="DBIT")))
        assert [line.amount for line in read.lines] == [euro("30.00"), euro("-5.00")]

    def test_the_details_of_a_debit_are_debits(self):
        read = one(entry(direction="DBIT", details=detail("20.00") + detail("5.00")))
        assert [line.amount for line in read.lines] == [euro("-20.00"), euro("-5.00")]

    def test_amounts_of_old_versions_stand_one_level_deeper(self):
        def old(amount: str) -> str:
            return (
                f'<TxDtls><AmtDtls><InstdAmt><Amt Ccy="USD">9.99</Amt></InstdAmt>'
                f'<TxAmt><Amt Ccy="EUR">{amount}</Amt></TxAmt></AmtDtls></TxDtls>'
            )

        read = one(entry(details=old("20.00") + old("5.00")))
        assert [line.amount for line in read.lines] == [euro("20.00"), euro("5.00")]

    def test_instructed_amounts_serve_where_they_add_up_and_nothing_else_is_stated(self):
        def instructed(amount: str) -> str:
            return f'<TxDtls><AmtDtls><InstdAmt><Amt Ccy="EUR">{amount}</Amt></InstdAmt></AmtDtls></TxDtls>'

        assert [
            line.amount for line in one(entry(details=instructed("20.00") + instructed("5.00"))).lines
        ] == [
            euro("20.00"),
            euro("5.00"),
        ]
        assert one(entry(details=instructed("20.00") + instructed("5.01"))).lines[0].amount == euro("25.00")

    @pytest.mark.parametrize(
        "details",
        [
            detail("20.00") + detail("4.00"),
            detail("20.00") + detail(),
            detail("20.00") + detail("5.00", currency="CHF"),
            detail("20.00") + detail("vijf"),
        ],
    )
    def test_details_that_do_not_add_up_leave_the_entry_whole(self, details):
        read = one(entry(details=details))
        assert [line.amount for line in read.lines] == [euro("25.00")]
        assert read.lines[0].end_to_end == "E1"
        assert read.warnings == ("the details of entry B1 do not add up to its 25.00; it is kept whole",)

    def test_one_detail_keeps_the_amount_of_the_entry(self):
        assert [line.amount for line in one(entry(details=detail("9.99", currency="CHF"))).lines] == [
            euro("25.00")
        ]


class TestRefusals:
    @pytest.mark.parametrize(
        ("content", "reason"),
        [
            (camt053(), "holds no statement"),
            (camt053(statement(entry(direction=""))), "neither credit nor debit"),
            (camt053(statement(entry(direction="CR"))), "neither credit nor debit"),
            (camt053(statement(entry("-25.00"))), "negative amount"),
            (camt053(statement(entry("25,00"))), "entry 1: an amount is not a decimal number"),
            (camt053(statement(entry(day="2026-02-30"))), "entry 1: '2026-02-30' is not a date"),
            (camt053(statement(entry("25.001"))), "entry 1: an amount has more decimals than EUR"),
            (camt053(statement(entry("9" * 28))), "too large"),
            (camt053(statement(entry(currency="EURO"))), "unknown currency"),
            (
                camt053(statement(entry().replace(' Ccy="EUR"', ""), account="", opening="", closing="")),
                "no currency",
            ),
            (camt053(statement(), namespace=' xmlns="urn:somebody:else"'), "namespace is urn:somebody:else"),
            (b'<Document xmlns="urn:somebody:else"/>', "the document is a Document urn:somebody:else"),
            (camt053(statement(), namespace=' xmlns="urn:a}b"'), "namespace is urn:a}b"),
            (camt053(statement(), namespace=NAMESPACE.format("pain.001.001.09")), "namespace is"),
            (b'<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pain.001.001.09"/>', "is a pain.001.001.09"),
            (b"<html/>", "is a html"),
            (b"<!DOCTYPE Document []>" + camt053(statement()).partition(b"?>")[2], "DOCTYPE"),
            (camt053(statement(entry()))[:-1], "not well-formed"),
            (camt053(statement(entry())) * 2, "something follows the XML document"),
            (camt053(statement(entry())) + b"\nEinde", "something follows the XML document"),
            (b"Datum;Bedrag\n2026-11-02;25,00\n", "neither camt.052/053/054, MT940, CODA nor"),
            (b"", "the file is empty"),
        ],
    )
    def test_the_reason_is_named(self, content, reason):
        with pytest.raises(Unreadable, match=reason):
            read_bank_file(content)

    def test_an_entry_that_nothing_dates_is_refused(self):
        text = camt053(statement(entry(day=""), opening="", closing="")).decode()
        undated = text.replace("<CreDtTm>2026-11-03T06:00:00</CreDtTm>", "")
        with pytest.raises(Unreadable, match="entry 1 has no date"):
            read_bank_file(undated.encode())

    @given(end=st.integers(0, len(camt053(statement(entry()))) - 1))
    def test_a_file_cut_anywhere_is_refused_as_a_whole(self, end):
        with pytest.raises(Unreadable):
            read_bank_file(camt053(statement(entry()))[:end])

    @given(place=st.integers(0, len(camt053(statement(entry()))) - 1), byte=st.integers(0, 255))
    def test_one_wrong_byte_is_read_or_refused_and_nothing_else(self, place, byte):
        content = bytearray(camt053(statement(entry())))
        content[place] = byte
        with contextlib.suppress(Unreadable):
            assert read_bank_file(bytes(content))
