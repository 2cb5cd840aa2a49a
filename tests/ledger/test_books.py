"""Books apart, balances as of a day, and the journal as files that other programs check."""

import csv
import io
import re
from collections import defaultdict
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from lxml import etree
from sqlalchemy import text

from agency.kernel.settings import Settings
from agency.kernel.unit import Door, Units
from agency.ledger.bailiff import NothingPassed, Passage, pass_through
from agency.ledger.chart import CHART, Nature
from agency.ledger.journal import EmptyPeriod, Period
from agency.ledger.models import Book
from agency.ledger.posting import Leg, Unbalanced, post, reverse
from agency.ledger.queries import account_balance, account_build_up, trial_balance
from agency.ledger.xaf import Company, xaf
from agency.money import Money
from portal.books import COLUMNS, FORMS, write_books
from portal.proving.seeded import seed
from tests.made import a_claim, a_creditor


def eur(minor: int) -> Money:
    return Money(minor, "EUR")


@pytest.fixture
def staff(units):
    with units.open(Door.STAFF, by="user:test") as unit:
        yield unit


@pytest.fixture
def claim(staff):
    creditor = a_creditor(staff)
    return creditor, a_claim(staff, creditor_id=creditor, invoices=[(50_000, staff.today)])


@pytest.fixture
def sown(units: Units):
    """A unit on the books of a small agency, with a memo that tries to break every format."""
    seed(units)
    with units.open(Door.STAFF, by="user:test") as unit:
        creditor = a_creditor(unit)
        post(
            unit, creditor_id=creditor, book=Book.TRUST, kind="payment_held", source_key='=1+1 "x" <&>',
            legs=[Leg("trust.psp", eur(1)), Leg("trust.suspense", eur(-1))], effective_on=unit.today,
            memo='a "quoted" \\ note\nwith <lines> & signs',
        )  # fmt: skip
        yield unit


def the_books(unit, form, first=None, last=None) -> bytes:
    out = io.BytesIO()
    write_books(
        unit, out, form=form, first=first or unit.today - timedelta(days=400), last=last or unit.today,
        settings=Settings(),
    )  # fmt: skip
    return out.getvalue()


class TestChart:
    @pytest.mark.pure
    def test_every_account_has_a_number_of_its_own(self):
        numbers = [account.number for account in CHART.values()]
        assert len(set(numbers)) == len(numbers)
        assert all(re.fullmatch(r"\d{4}", number) for number in numbers)


class TestBailiff:
    def test_money_passes_through_and_nothing_stays(self, staff, claim):
        creditor, claim_id = claim
        for passage, minor in (
            (Passage.ADVANCED, 30_000),
            (Passage.CHARGED, 20_000),
            (Passage.PAID, 20_000),
            (Passage.RECOVERED, 15_000),
            (Passage.BORNE, 5_000),
            (Passage.RETURNED, 25_000),
        ):
            pass_through(
                staff, creditor_id=creditor, claim_id=claim_id, passage=passage, source_key="note 1",
                amount=eur(minor), effective_on=staff.today,
            )  # fmt: skip
        left = {row.account: row.balance for row in trial_balance(staff) if row.account.startswith("bailiff")}
        assert left == dict.fromkeys(
            ("bailiff.advances", "bailiff.bank", "bailiff.payable", "bailiff.to_recover"), eur(0)
        )
        others = {row.account.split(".")[0] for row in trial_balance(staff)}
        assert others == {"claims", "bailiff"}

    @pytest.mark.parametrize("minor", [0, -1])
    def test_only_amounts_pass(self, staff, claim, minor):
        with pytest.raises(NothingPassed):
            pass_through(
                staff, creditor_id=claim[0], claim_id=claim[1], passage=Passage.PAID, source_key="n",
                amount=eur(minor), effective_on=staff.today,
            )  # fmt: skip

    @pytest.mark.parametrize("other", ["trust.bank", "agency.bank", "claims.costs"])
    def test_never_mixes_with_another_book(self, staff, claim, other):
        legs = [Leg("bailiff.bank", eur(1)), Leg(other, eur(-1))]
        with pytest.raises(Unbalanced):
            post(
                staff, creditor_id=claim[0], book=Book.BAILIFF, kind="mixed", source_key="1", legs=legs,
                effective_on=staff.today,
            )  # fmt: skip


class TestAsOf:
    def test_by_the_day_it_counts_and_by_the_day_it_was_written(self, staff, claim):
        """B11: a fact of an earlier month is written today and keeps its own day."""
        creditor, _ = claim
        earlier = staff.today - timedelta(days=40)
        legs = [Leg("trust.bank", eur(700)), Leg("trust.suspense", eur(-700))]
        post(
            staff, creditor_id=creditor, book=Book.TRUST, kind="bank_line", source_key="1", legs=legs,
            effective_on=earlier,
        )  # fmt: skip

        def balance(**as_of):
            return account_balance(staff, account="trust.bank", currency="EUR", **as_of)

        assert balance(effective_to=earlier) == eur(700)
        assert balance(effective_to=earlier - timedelta(days=1)) == eur(0)
        assert balance(booked_to=staff.today) == eur(700)
        assert balance(booked_to=earlier) == eur(0)
        assert balance(effective_to=earlier, booked_to=earlier) == eur(0)
        rows = trial_balance(staff, effective_to=earlier)
        assert {row.account: row.balance for row in rows} == {
            "trust.bank": eur(700),
            "trust.suspense": eur(-700),
        }
        assert trial_balance(staff, booked_to=earlier) == []

    def test_a_balance_is_the_sum_of_its_build_up(self, sown):
        for row in trial_balance(sown):
            parts = account_build_up(sown, account=row.account)
            assert Money.total((part.amount for part in parts), "EUR") == row.balance
            assert sum(part.entries for part in parts) == row.entries

    def test_a_reversal_is_shown_as_what_it_is(self, staff, claim):
        creditor, _ = claim
        legs = [Leg("trust.psp", eur(5)), Leg("trust.suspense", eur(-5))]
        posted = post(
            staff, creditor_id=creditor, book=Book.TRUST, kind="payment_held", source_key="1", legs=legs,
            effective_on=staff.today,
        )  # fmt: skip
        reverse(staff, creditor_id=creditor, transaction_id=posted, source_key="1", why="wrong")
        parts = account_build_up(staff, account="trust.psp")
        assert sorted((part.kind, part.amount.minor) for part in parts) == [
            ("payment_held", 5), ("payment_held.reversal", -5)
        ]  # fmt: skip


def entries_of(unit) -> list:
    return unit.session.connection().execute(text("SELECT account, amount_minor FROM ledger_entry")).all()


class TestCsv:
    def test_holds_every_entry_and_adds_up(self, sown):
        rows = list(csv.reader(io.StringIO(the_books(sown, "csv").decode("utf-8-sig")), delimiter=";"))
        assert tuple(rows[0]) == COLUMNS
        found = sorted(
            (row[7], int(Decimal(row[10] or 0) * 100) - int(Decimal(row[11] or 0) * 100)) for row in rows[1:]
        )
        assert found == sorted(map(tuple, entries_of(sown)))

    def test_no_cell_is_a_formula(self, sown):
        rows = list(csv.reader(io.StringIO(the_books(sown, "csv").decode("utf-8-sig")), delimiter=";"))
        assert any(cell.startswith("'=1+1") for row in rows for cell in row)
        assert not any(cell.startswith(("=", "+", "@")) for row in rows for cell in row)

    @pytest.mark.parametrize("form", FORMS)
    def test_a_period_without_anything_is_still_a_file(self, sown, form):
        assert the_books(sown, form, date(2001, 1, 1), date(2001, 12, 31))

    def test_a_period_does_not_end_before_it_begins(self):
        with pytest.raises(EmptyPeriod):
            Period(date(2026, 2, 1), date(2026, 1, 31))


POSTING = re.compile(r"^  ([A-Z][A-Za-z0-9-]*(?::[A-Z0-9][A-Za-z0-9-]*)+)  (-?\d+\.\d+) ([A-Z]{3})$")
STRING = r'"(?:[^"\\\n]|\\.)*"'
LINES = {
    "option": re.compile(rf"^option {STRING} {STRING}$"),
    "open": re.compile(r"^(\d{4}-\d\d-\d\d) open ([A-Z][A-Za-z0-9-]*(?::[A-Z0-9][A-Za-z0-9-]*)+)$"),
    "head": re.compile(rf"^(\d{{4}}-\d\d-\d\d) \* {STRING}(?: {STRING})?$"),
    "balance": re.compile(r"^(\d{4}-\d\d-\d\d) balance (\S+)  (-?\d+\.\d+) ([A-Z]{3})$"),
    "meta": re.compile(rf"^(?:  |    )[a-z][A-Za-z0-9_-]+: (?:{STRING}|\d{{4}}-\d\d-\d\d)$"),
}
ROOTS = {"Assets", "Liabilities", "Equity", "Income", "Expenses"}


def check_beancount(written: str) -> int:
    """An independent reading: every line is of the grammar, every transaction adds up, every account was
    opened, every balance is found again. Returns how many balances were."""
    opened: dict[str, str] = {}
    postings: list[tuple[str, str, Decimal, str]] = []
    balances: list[tuple[str, str, Decimal, str]] = []
    day, sums = "", defaultdict(Decimal)
    for line in written.splitlines():
        if found := POSTING.match(line):
            account, amount, currency = found[1], Decimal(found[2]), found[3]
            assert opened[account] <= day, line
            postings.append((day, account, amount, currency))
            sums[currency] += amount
            continue
        if not line or LINES["head"].match(line):
            assert not any(sums.values()), f"before {line!r}: {dict(sums)}"
            sums.clear()
        if found := LINES["head"].match(line):
            day = found[1]
        elif found := LINES["open"].match(line):
            assert found[2].split(":")[0] in ROOTS
            opened[found[2]] = found[1]
        elif found := LINES["balance"].match(line):
            balances.append((found[1], found[2], Decimal(found[3]), found[4]))
        else:
            assert not line or LINES["meta"].match(line) or LINES["option"].match(line), line
    for on, account, amount, currency in balances:
        before = [p for p in postings if p[0] < on and p[1] == account and p[3] == currency]
        assert sum(p[2] for p in before) == amount, (on, account)
    return len(balances)


class TestBeancount:
    def test_another_reader_finds_every_balance_of_the_bank(self, sown):
        written = the_books(sown, "beancount").decode()
        assert check_beancount(written) == 1
        assert "balance Assets:Trust:Bank" in written

    def test_a_later_period_begins_with_what_stood_before(self, sown):
        tomorrow = sown.today + timedelta(days=1)
        written = the_books(sown, "beancount", tomorrow, tomorrow).decode()
        assert "Opening balances" in written
        assert check_beancount(written) == 0

    def test_a_cent_too_much_is_noticed(self, sown):
        written = the_books(sown, "beancount").decode()
        amount = re.search(r"balance Assets:Trust:Bank  (\S+)", written)[1]
        wrong = written.replace(
            f"Bank  {amount} EUR\n\n", f"Bank  {Decimal(amount) + Decimal('0.01')} EUR\n\n"
        )
        with pytest.raises(AssertionError):
            check_beancount(wrong)


class TestXaf:
    @pytest.fixture
    def schema(self, real_data: Path):
        [path] = sorted((real_data / "05_xaf_erp").glob("*3.1*.xsd"))
        return etree.XMLSchema(etree.parse(path))

    def written(self, unit, version="3.2", first=None, last=None) -> bytes:
        period = Period(first or unit.today.replace(month=1, day=1), last or unit.today)
        company = Company("KvK 12345678", "Bureau & <Zonen>", "NL", "NL001234567B01")
        return "".join(xaf(unit, period=period, company=company, version=version)).encode()

    @pytest.mark.parametrize("ahead", [0, 1])
    def test_is_valid_with_and_without_anything_in_it(self, sown, schema, ahead):
        first = (sown.today + timedelta(days=1)) if ahead else None
        document = etree.fromstring(self.written(sown, "3.1", first, first))
        assert schema.validate(document), schema.error_log

    def test_of_3_2_is_the_same_in_its_own_namespace(self, sown, real_data):
        newer, older = self.written(sown, "3.2"), self.written(sown, "3.1")
        assert newer.replace(b"XAF/3.2", b"XAF/3.1") == older
        for path in (real_data / "05_xaf_erp").glob("*3.2*.xsd"):
            schema = etree.XMLSchema(etree.parse(path))
            assert schema.validate(etree.fromstring(newer)), schema.error_log

    def test_adds_up_to_what_it_says(self, sown):
        document = etree.fromstring(self.written(sown))
        names = {"x": "http://www.auditfiles.nl/XAF/3.2"}
        lines = document.findall(".//x:trLine", names)
        for side, total in (("D", "totalDebit"), ("C", "totalCredit")):
            added = sum(
                Decimal(line.findtext("x:amnt", None, names))
                for line in lines
                if line.findtext("x:amntTp", None, names) == side
            )
            assert added == Decimal(document.findtext(f".//x:transactions/x:{total}", None, names))
        assert len(lines) == int(document.findtext(".//x:transactions/x:linesCount", None, names))
        assert len(lines) == len(entries_of(sown))

    def test_a_year_begins_without_the_result_of_those_before(self, sown):
        names = {"x": "http://www.auditfiles.nl/XAF/3.2"}
        company, today = Company("1", "A", "NL", "NL1"), sown.today
        post(
            sown, creditor_id=a_creditor(sown), book=Book.AGENCY, kind="remittance", source_key="fee",
            legs=[Leg("agency.receivable", eur(121)), Leg("agency.fee_income", eur(-100)),
                  Leg("agency.vat", eur(-21))], effective_on=today,
        )  # fmt: skip
        new_year = date(today.year + 1, 1, 1)

        def opening(first: date) -> dict[str, Decimal]:
            written = "".join(xaf(sown, period=Period(first, first), company=company))
            lines = etree.fromstring(written.encode()).findall(".//x:obLine", names)
            return {
                line.findtext("x:accID", None, names): Decimal(line.findtext("x:amnt", None, names))
                * (1 if line.findtext("x:amntTp", None, names) == "D" else -1)
                for line in lines
            }

        of_result = {
            account.number for account in CHART.values() if account.nature in (Nature.INCOME, Nature.EXPENSE)
        }
        this_year, next_year = opening(today + timedelta(days=1)), opening(new_year)
        earned = sum(amount for number, amount in this_year.items() if number in of_result)
        assert earned < 0, "a fee was earned"
        assert not of_result & next_year.keys()
        assert next_year["9000"] == earned
        assert "9000" not in this_year
        assert sum(next_year.values()) == sum(this_year.values()) == 0

    def test_names_no_debtor(self, sown):
        assert b"Debiteur" not in self.written(sown)
        assert b"Schuldeiser" in self.written(sown)
