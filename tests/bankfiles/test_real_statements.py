"""Every published bank statement at hand, against what an independent reading found in it."""

import csv
import json
import logging
from collections.abc import Iterator
from decimal import Decimal
from itertools import groupby, pairwise
from operator import itemgetter
from pathlib import Path
from typing import Any

import mt940
import pytest
from pycamt.parser import Camt053Parser

from agency.money import Money
from agency.ports.readers import BankLine, BankStatement, Unreadable
from integrations.bankfiles import read_bank_file

pytestmark = [pytest.mark.pure, pytest.mark.thorough]

# The reading on file takes the figures of an account without a named currency for unnamed, where a
# balance, a floor limit or a sum names it.
CURRENCY_NAMED_ELSEWHERE = {
    "03_bank/camt_genkgo/camt53.only-Dt-with-DtTm.xml": "RON",
    "03_bank/mt940_wolph/self-provided__mt942.sta": "EUR",
    "03_bank/mt940_cmxl/mt942.txt": "EUR",
    "03_bank/mt940_cmxl/statement-details-mt942.txt": "EUR",
}
# Its closing balances name no currency; that of the opening balance makes all three tie.
CLOSING_WITHOUT_CURRENCY = "03_bank/mt940_wolph/self-provided__raphaelm.sta"
# A damaged :86: begins with :25: here; the account is the one in the header.
DAMAGED_DETAILS = "03_bank/mt940_wolph/betterplace__sepa_snippet_broken.sta"

# A reference of the bank's own, which the reading on file lists beside those of the payment.
PROPRIETARY_REFERENCE = "100"

# The bank's own references stand with the details here; the reading on file has running numbers.
REFERENCES_IN_DETAILS = "03_bank/camt_newinnovations/example-camt053-b.xml"

# The mark of :61: may be followed by the third letter of the currency: "CR" is a credit in euro. A
# reversed credit takes out, a reversed debit brings back. The reading on file took all but "C" for debits.
MT940_SIGNS = {"C": 1, "CR": 1, "D": -1, "DR": -1, "RC": -1, "RCR": -1, "RD": 1, "RDR": 1}


def rows_of(real_data: Path, name: str) -> dict[str, list[dict[str, str]]]:
    """The expected table, by file."""
    found: dict[str, list[dict[str, str]]] = {}
    with (real_data / "_expected" / name).open(newline="") as file:
        for row in csv.DictReader(file):
            found.setdefault(row["file"], []).append(row)
    return found


def entries_of(real_data: Path, name: str) -> dict[str, list[dict[str, Any]]]:
    """The expected entries, by file and statement."""
    found: dict[str, list[dict[str, Any]]] = {}
    for line in (real_data / "_expected" / name).read_text().splitlines():
        told = json.loads(line)
        found.setdefault(told["file"], []).append(told)
    return found


def money(text: str) -> Decimal | None:
    return Decimal(text) if text else None


def facts(statement: BankStatement) -> dict[str, object]:
    """A statement in the words of the expected tables."""
    return {
        "id": statement.id or "",
        "account": statement.account or "",
        "currency": statement.currency or "",
        "opening": None if statement.opening is None else statement.opening.decimal,
        "closing": None if statement.closing is None else statement.closing.decimal,
        "entries": statement.entries,
        "sum": statement.net.decimal,
        "balances": statement.balances,
    }


def told(row: dict[str, str], *, id: str, entries: str, net: Decimal) -> dict[str, object]:
    opening, closing = money(row["opening"]), money(row["closing"])
    known = opening is not None and closing is not None
    return {
        "id": id,
        "account": row["account"],
        "currency": CURRENCY_NAMED_ELSEWHERE.get(row["file"], row["ccy"]),
        "opening": opening,
        "closing": closing,
        "entries": int(entries),
        "sum": net,
        "balances": opening + net == closing if known else None,
    }


@pytest.fixture(scope="module")
def camt_rows(real_data: Path) -> dict[str, list[dict[str, str]]]:
    found = rows_of(real_data, "camt.csv")
    assert sum(map(len, found.values())) >= 120
    return found


@pytest.fixture(scope="module")
def mt940_rows(real_data: Path) -> dict[str, list[dict[str, str]]]:
    found = rows_of(real_data, "mt940.csv")
    assert sum(map(len, found.values())) >= 170
    return found


@pytest.fixture(scope="module")
def mt940_entries(real_data: Path) -> dict[str, list[dict[str, Any]]]:
    return entries_of(real_data, "mt940.jsonl")


class TestCamt:
    def test_each_statement_is_read_as_expected(self, real_data, camt_rows):
        for name, expected in camt_rows.items():
            content = (real_data / name).read_bytes()
            if expected[0]["error"]:
                with pytest.raises(Unreadable, match="no statement"):
                    read_bank_file(content)
                continue
            read = [facts(statement) for statement in read_bank_file(content)]
            net = [Decimal(row["net"]) for row in expected]
            assert read == [
                told(row, id=row["stmt_id"], entries=row["entries"], net=each)
                for row, each in zip(expected, net, strict=True)
            ], name

    def test_what_was_found_to_balance_balances(self, real_data, camt_rows):
        words = {"yes": True, "": None}
        for name, expected in camt_rows.items():
            if not expected[0]["error"]:
                read = [statement.balances for statement in read_bank_file((real_data / name).read_bytes())]
                assert read == [words.get(row["balance_ok"], False) for row in expected], name

    def test_a_statement_that_does_not_tie_is_read_with_both_figures(self, real_data, camt_rows):
        for name, expected in camt_rows.items():
            for row, statement in zip(
                expected, [] if expected[0]["error"] else self.read(real_data, name), strict=False
            ):
                if row["balance_ok"].startswith("NO"):
                    warning = next(each for each in statement.warnings if each.startswith("opening"))
                    computed, stated = row["balance_ok"][4:-1].split(" vs ")
                    assert f"make {Decimal(computed):.2f}, closing says {Decimal(stated):.2f}" in warning

    def test_each_entry_says_what_was_expected(self, real_data):
        for name, expected in entries_of(real_data, "camt.jsonl").items():
            for statement, story in zip(self.read(real_data, name), expected, strict=True):
                booked = [each for each in story["entries"] if each["status"] in {"BOOK", None}]
                lines = iter(statement.lines)
                for each in booked:
                    self.compare(list(self.lines_of(each, lines)), each, name)
                assert next(lines, None) is None, name

    def test_the_days_of_an_account_follow_on_one_another(self, real_data):
        closes: dict[str, list[BankStatement]] = {}
        for path in sorted((real_data / "03_bank/camt_subite_sequence").glob("*.xml")):
            for statement in read_bank_file(path.read_bytes()):
                closes.setdefault(statement.account or "", []).append(statement)
        assert {account: len(days) >= 37 for account, days in closes.items()} == {
            "LT625883379695428516": True,
            "LT414319056143772570": True,
        }
        for days in closes.values():
            assert all(one.closing == other.opening for one, other in pairwise(days))

    def test_no_two_lines_of_an_account_share_a_key(self, real_data):
        keys: set[tuple[str | None, str]] = set()
        lines = 0
        for folder in ("camt_subite_sequence", "camt_subite_large"):
            for path in sorted((real_data / "03_bank" / folder).glob("*.xml")):
                for statement in read_bank_file(path.read_bytes()):
                    lines += len(statement.lines)
                    keys.update((statement.account, line.key) for line in statement.lines)
        assert lines > 800
        assert len(keys) == lines

    def test_another_reader_finds_as_many_movements_and_the_same_sum(self, real_data, camt_rows):
        compared = 0
        for name, expected in camt_rows.items():
            if (
                expected[0]["version"].startswith("camt.053")
                and not expected[0]["error"]
                and "prowide" not in name
            ):
                content = (real_data / name).read_bytes()
                theirs = Camt053Parser(content).get_transactions()
                ours = [line for statement in read_bank_file(content) for line in statement.lines]
                assert len(ours) == len(theirs), name
                # It takes the payer's own amount where the entry books another.
                if "newinnovations" not in name and "genkgo" not in name:
                    signed = sum(
                        Decimal(str(each["Amount"])) * (1 if each["CreditDebitIndicator"] == "CRDT" else -1)
                        for each in theirs
                    )
                    assert sum(line.amount.decimal for line in ours) == signed, name
                compared += 1
        assert compared >= 45

    @staticmethod
    def read(real_data: Path, name: str) -> tuple[BankStatement, ...]:
        return read_bank_file((real_data / name).read_bytes())

    @staticmethod
    def lines_of(each: dict[str, Any], lines: Iterator[BankLine]) -> Iterator[BankLine]:
        """The lines that came of one entry: as many as its details when it was split, else one."""
        line = next(lines)
        yield line
        if line.batch:
            for _ in range(each["n_tx"] - 1):
                yield next(lines)

    @staticmethod
    def compare(lines: list[BankLine], each: dict[str, Any], name: str) -> None:
        assert sum(line.amount.decimal for line in lines) == Decimal(each["amount"]), name
        assert {line.reversal for line in lines} == {each["reversal"]}, name
        if each["booking"]:
            assert {line.booked_on.isoformat() for line in lines} == {each["booking"]}, name
        if each["value"]:
            assert {line.value_on.isoformat() for line in lines} == {each["value"]}, name
        read = [ref for line in lines for ref in line.structured_references]
        assert read == [ref for ref in each["structured_refs"] if ref != PROPRIETARY_REFERENCE], name
        if name != REFERENCES_IN_DETAILS:
            assert {line.bank_ref for line in lines if line.bank_ref} >= {each["ref"]} - {None}, name
        assert {line.end_to_end for line in lines} - {None} <= set(each["end_to_end"]), name
        assert {line.counterparty for line in lines} - {None} <= set(each["counterparty"]), name
        if each["unstructured"] not in {"", "NOTPROVIDED"}:
            said = " ".join(line.text for line in lines)
            assert all(word in said for word in each["unstructured"].split() if word != "NOTPROVIDED"), name


class TestMt940:
    def test_each_statement_is_read_as_expected(self, real_data, mt940_rows, mt940_entries):
        for name, expected in mt940_rows.items():
            read = [facts(statement) for statement in read_bank_file((real_data / name).read_bytes())]
            wanted = [
                told(row, id=row["reference"], entries=row["transactions"], net=self.net(story))
                for row, story in zip(expected, mt940_entries[name], strict=True)
            ]
            if name == CLOSING_WITHOUT_CURRENCY:
                closings = [Decimal(each) for each in ("105000.00", "145000.00", "95000.00")]
                wanted = [
                    each | {"closing": closing, "balances": True}
                    for each, closing in zip(wanted, closings, strict=True)
                ]
            if name == DAMAGED_DETAILS:
                wanted[0]["account"] = "50880050/0194787400888"
            assert read == wanted, name

    def test_what_was_found_to_balance_balances(self, real_data, mt940_rows):
        for name, expected in mt940_rows.items():
            statements = read_bank_file((real_data / name).read_bytes())
            for row, statement in zip(expected, statements, strict=True):
                assert row["balance_ok"] != "yes" or statement.balances, name

    def test_credits_in_euro_tie_the_statements_that_debits_would_not(self, real_data):
        name = "03_bank/mt940_wolph/betterplace__sepa_mt9401.sta"
        statements = read_bank_file((real_data / name).read_bytes())
        assert [statement.balances for statement in statements] == [True] * 26

    def test_each_line_says_what_was_expected(self, real_data, mt940_entries):
        for name, expected in mt940_entries.items():
            statements = read_bank_file((real_data / name).read_bytes())
            for statement, story in zip(statements, expected, strict=True):
                for line, each in zip(statement.lines, story["tx"], strict=True):
                    magnitude = abs(Decimal(each["amount"]))
                    assert line.amount.decimal == MT940_SIGNS[each["dc"]] * magnitude, name
                    assert line.reversal == each["dc"].startswith("R"), name
                    if each["value_date"] == "2016-02-30":
                        assert line.value_on.isoformat() == "2016-02-29"
                    else:
                        assert line.value_on.isoformat() == each["value_date"], name
                    if each["entry_mmdd"] and each["entry_mmdd"].strip():
                        assert line.booked_on.strftime("%m%d") == each["entry_mmdd"], name

    def test_another_reader_finds_the_same_amounts_where_it_can_read(self, real_data, mt940_rows, caplog):
        caplog.set_level(logging.CRITICAL, logger="mt940")
        compared = 0
        for name in mt940_rows:
            content = (real_data / name).read_bytes()
            ours = [line for statement in read_bank_file(content) for line in statement.lines]
            try:
                theirs = mt940.parse(content, encoding="utf-8").transactions
            except (RuntimeError, ValueError):
                continue
            # It takes a reversed credit for a credit.
            amounts = [abs(each.data["amount"].amount) for each in theirs if "amount" in each.data]
            assert [abs(line.amount.decimal) for line in ours] == amounts, name
            compared += 1
        assert compared >= 50

    @staticmethod
    def net(story: dict[str, Any]) -> Decimal:
        return sum(
            (MT940_SIGNS[each["dc"]] * abs(Decimal(each["amount"])) for each in story["tx"]), start=Decimal(0)
        )


# The currency and qualifiers that the reading on file keeps behind an account's number.
CODA_ACCOUNTS = {"435000000080 EUR0BE": "435000000080", f"BE00000000000000{'':18}EUR": "BE00000000000000"}


class TestCoda:
    def test_each_statement_is_read_as_expected(self, real_data):
        expected = rows_of(real_data, "coda.csv")
        assert len(expected) >= 2
        for name, (row,) in expected.items():
            (read,) = read_bank_file((real_data / name).read_bytes())
            assert (read.account, read.currency) == (CODA_ACCOUNTS[row["account"]], "EUR"), name
            assert read.opening == Money.parse(f"{Decimal(row['old']):.2f}", "EUR"), name
            closing = None if read.closing is None else read.closing.decimal
            assert closing == money(row["new"]), name
            assert (read.entries, read.balances) == (
                int(row["top_level"]), True if row["balance_ok"] == "yes" else None,
            ), name  # fmt: skip
            amounts = [line.amount.decimal for line in read.lines]
            assert sum(each for each in amounts if each > 0) == Decimal(row["sum_credit"]), name
            assert -sum(each for each in amounts if each < 0) == Decimal(row["sum_debit"]), name
            assert [ref for line in read.lines for ref in line.structured_references] == row["ogm"].split()

    def test_each_movement_says_what_was_expected(self, real_data):
        for name, (story,) in entries_of(real_data, "coda.jsonl").items():
            (read,) = read_bank_file((real_data / name).read_bytes())
            for line, each in zip(read.lines, self.payments(story["mv"]), strict=True):
                assert line.amount.decimal == Decimal(each["amount"]), name
                assert line.value_on.isoformat() == each["value"], name
                assert line.booked_on.isoformat() == each["entry"], name
                assert (line.counterparty or "") == (each.get("cp_name") or "").strip(), name
                if not each["structured"]:
                    assert "".join(each["comm"].split()) in "".join(line.text.split()), name

    @staticmethod
    def payments(movements: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """The movements, a total (type 1 or 2) by the payments behind it (5, 6 or 7) where there are any."""
        found: list[dict[str, Any]] = []
        for seq, many in groupby(movements, key=itemgetter("seq")):
            top, *details = many
            assert (top["detail"], top["seq"]) == ("0000", seq)
            payments = [each for each in details if each["code"][0] in "567"]
            found += payments or [top]
        return found


class TestCsv:
    def test_each_export_that_is_expected_is_read_to_its_sums(self, real_data):
        expected = rows_of(real_data, "bank_csv.csv")
        assert len(expected) >= 2
        for name, (row,) in expected.items():
            (read,) = read_bank_file((real_data / name).read_bytes())
            amounts = [line.amount.decimal for line in read.lines]
            assert (read.entries, read.net.decimal) == (int(row["data_rows"]), Decimal(row["net"])), name
            assert sum(each for each in amounts if each > 0) == Decimal(row["sum_in"]), name
            assert -sum(each for each in amounts if each < 0) == Decimal(row["sum_out"]), name

    def test_every_other_export_is_refused_with_its_first_row(self, real_data):
        expected = rows_of(real_data, "bank_csv.csv").keys()
        files = [
            path
            for folder in ("csv_bank2ynab", "bankstatementparser")
            for path in sorted((real_data / "03_bank" / folder).iterdir())
            if path.suffix.lower() in {".csv", ".dat"} and str(path.relative_to(real_data)) not in expected
        ]
        assert len(files) >= 20
        for path in files:
            with pytest.raises(Unreadable, match=r"known bank \(ING, .*\); it begins with '"):
                read_bank_file(path.read_bytes())


def test_ofx_is_refused_with_what_to_ask_for(real_data):
    files = sorted((real_data / "03_bank/ofx_bankfile").iterdir())
    assert len(files) >= 9
    for path in files:
        with pytest.raises(Unreadable, match=r"OFX file; ask the bank for camt\.053"):
            read_bank_file(path.read_bytes())
