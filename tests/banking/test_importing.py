"""Bank files into the books: real statements to the cent, each line once, refusals that touch nothing."""

from datetime import date, timedelta
from itertools import pairwise, permutations
from pathlib import Path

import pytest
from sqlalchemy import select, text

from agency.banking.importing import UnableToImport, import_statements
from agency.banking.matching import match_lines
from agency.banking.notices import list_notices
from agency.banking.proof import latest_proof, payouts_blocked, prove
from agency.banking.queries import STATEMENTS, statement_row
from agency.banking.suspense import suspense_items
from agency.kernel.unit import Door
from agency.ledger.queries import account_balance
from agency.money import Money
from agency.ports.readers import BankLine, BankStatement
from integrations.bankfiles import read_bank_file
from tests.bankfiles.bank_samples import camt053, entry, statement
from tests.bankfiles.one_day import ACCOUNT, FORMATS, Paid

IBAN = "NL86INGB0002445588"


def eur(minor: int) -> Money:
    return Money(minor, "EUR")


def a_line(key: str, minor: int, *, on: date = date(2026, 11, 20), **other) -> BankLine:
    return BankLine(amount=eur(minor), booked_on=on, value_on=on, key=key, **other)


def a_statement(
    key: str,
    lines: tuple[BankLine, ...],
    *,
    opening: int,
    on: date = date(2026, 11, 20),
    account: str | None = IBAN,
    kind="statement",
    closing: int | None = None,
) -> BankStatement:
    net = sum(line.amount.minor for line in lines)
    return BankStatement(
        kind=kind,
        format="test",
        id=key,
        key=key,
        account=account,
        currency="EUR",
        opening=eur(opening),
        closing=eur(opening + net if closing is None else closing),
        net=eur(net),
        entries=len(lines),
        lines=lines,
        booked_days=frozenset(line.booked_on for line in lines),
        value_days=frozenset(line.value_on for line in lines),
        opens_on=on,
        closes_on=on,
    )


def import_(unit, *statements, content: bytes | None = None):
    return import_statements(
        unit,
        content=content or repr(statements).encode(),
        reader=lambda _: statements,
        iban=IBAN,
    )


def checks(run) -> dict[str, bool]:
    found: dict[str, bool] = {}
    for check in run.checks:
        found[check["key"]] = found.get(check["key"], True) and check["holds"]
    return found


def count(unit, table: str) -> int:
    return unit.session.connection().execute(text(f"SELECT count(*) FROM {table}")).scalar_one()


@pytest.fixture
def staff(units):
    with units.open(Door.STAFF, by="user:test") as unit:
        yield unit


class TestImport:
    def test_books_every_line_to_suspense_and_proves(self, staff):
        on = staff.today  # what waited too long in suspense would make the proof red
        lines = (a_line("a", 100, on=on), a_line("b", 250, on=on), a_line("c", -30, on=on))
        result = import_(staff, a_statement("s1", lines, opening=1_000, on=on))
        assert result.new_lines == 3
        assert account_balance(staff, account="trust.bank", currency="EUR") == eur(1_320)
        assert account_balance(staff, account="trust.suspense", currency="EUR") == eur(-1_320)
        assert all(checks(prove(staff, on=staff.today)).values())

    def test_b1_knows_the_same_file_again(self, staff):
        statement = a_statement("s1", (a_line("a", 100),), opening=0)
        import_(staff, statement)
        again = import_(staff, statement)
        assert (again.repeated, again.new_lines) == (True, 0)
        assert count(staff, "bank_line") == 1
        assert count(staff, "ledger_transaction") == 1

    def test_b2_knows_the_same_lines_in_another_file(self, staff):
        import_(staff, a_statement("s1", (a_line("a", 100),), opening=0))
        other = import_(
            staff, a_statement("s1-renewed", (a_line("a", 100), a_line("b", 5)), opening=0), content=b"other"
        )
        assert (other.repeated, other.new_lines) == (False, 1)
        assert account_balance(staff, account="trust.bank", currency="EUR") == eur(105)

    def test_b13_believes_nothing_of_a_file_with_a_statement_of_no_account(self, staff):
        with pytest.raises(UnableToImport, match="does not say of which account it is"):
            import_(
                staff,
                a_statement("s1", (a_line("a", 100),), opening=0),
                a_statement("s2", (a_line("b", 100),), opening=100, account=None),
            )
        assert count(staff, "bank_statement") == count(staff, "ledger_transaction") == 0

    def test_of_a_file_with_other_accounts_ours_is_taken_whole_and_the_others_named(self, staff):
        """Rabobank's export, and camt files of a bank's whole customer, hold every account."""
        others = ("NL91ABNA0417164300", "DE89370400440532013000")
        mixed = [a_statement(of, (a_line(of, 700),), opening=5, account=of) for of in others]
        ours = a_statement("s1", (a_line("a", 100), a_line("b", 100)), opening=40)
        result = import_(staff, mixed[0], ours, mixed[1])
        assert result.left_out == others
        assert (result.new_lines, count(staff, "bank_line"), count(staff, "bank_statement")) == (2, 2, 1)
        assert account_balance(staff, account="trust.bank", currency="EUR") == eur(240)
        assert prove(staff, on=staff.today).green
        assert import_(staff, ours).new_lines == 0

    def test_the_day_of_another_account_refuses_nothing(self, staff):
        far = a_statement(
            "x", (a_line("x", 1, on=date(1970, 1, 1)),), opening=0, account="NL91ABNA0417164300"
        )
        assert import_(staff, far, a_statement("s1", (a_line("a", 100),), opening=0)).new_lines == 1

    def test_b13_refuses_a_file_of_only_another_account(self, staff):
        with pytest.raises(UnableToImport, match="this file is not of the trust account"):
            import_(staff, a_statement("s1", (a_line("a", 100),), opening=0, account="NL91ABNA0417164300"))

    @pytest.mark.parametrize("end", [":28C:1/1\n", ":28C:1/1\n:6"])
    def test_b5_a_file_cut_off_behind_its_heading_is_no_empty_day(self, staff, end):
        with pytest.raises(UnableToImport, match="neither balances nor entries"):
            import_statements(
                staff, content=f":20:X\n:25:{IBAN}\n{end}".encode(), reader=read_bank_file, iban=IBAN
            )
        assert count(staff, "bank_statement") == 0

    @pytest.mark.parametrize(
        "on", [date(1, 1, 1), date(1989, 12, 31), date(2226, 11, 20), date(9999, 12, 31)]
    )
    @pytest.mark.parametrize("whose", ["booked", "closes"])
    def test_a_slip_in_a_year_is_refused_before_it_stays_in_the_books(self, staff, on, whose):
        line = a_line("a", 100, on=on) if whose == "booked" else a_line("a", 100)
        closes = on if whose == "closes" else date(2026, 11, 20)
        with pytest.raises(UnableToImport, match=f"the day {on} cannot be that of a bank's movement"):
            import_(staff, a_statement("s1", (line,), opening=0, on=closes))
        assert count(staff, "bank_statement") == count(staff, "ledger_transaction") == 0

    @pytest.mark.parametrize("account", ["417164300", "NL91ABNA0417164300EUR", "NL91 ABNA 0417 1643 00"])
    def test_knows_the_trust_account_by_its_national_number(self, staff, account):
        statement = a_statement("s1", (a_line("a", 100),), opening=0, account=account)
        result = import_statements(
            staff, content=b"s1", reader=lambda _: [statement], iban="NL91ABNA0417164300"
        )
        assert result.new_lines == 1

    @pytest.mark.parametrize(
        ("account", "iban"),
        [
            ("TRIODOSBANK/0417164300", "NL91ABNA0417164300"),
            ("ABNANL2A/NL91ABNA0417164300", "NL91ABNA0417164300"),
            ("ABNANL2AXXX/417164300EUR", "NL91ABNA0417164300"),
            ("37040044/0532013000", "DE89370400440532013000"),
            ("37040044/532013000EUR", "DE89370400440532013000"),
        ],
    )
    def test_knows_the_trust_account_behind_its_bank(self, staff, account, iban):
        statement = a_statement("s1", (a_line("a", 100),), opening=0, account=account)
        assert import_statements(staff, content=b"s1", reader=lambda _: [statement], iban=iban).new_lines == 1

    @pytest.mark.parametrize("account", ["37040044/0532013001", "37040045/0532013000"])
    def test_b13_another_number_behind_the_same_bank_is_another_account(self, staff, account):
        statement = a_statement("s1", (a_line("a", 100),), opening=0, account=account)
        with pytest.raises(UnableToImport, match="not of the trust account"):
            import_statements(
                staff, content=b"s1", reader=lambda _: [statement], iban="DE89370400440532013000"
            )

    @pytest.mark.parametrize("account", ["17164300", "0", "NL"])
    def test_b13_a_part_of_the_number_is_another_account(self, staff, account):
        statement = a_statement("s1", (a_line("a", 100),), opening=0, account=account)
        with pytest.raises(UnableToImport, match="not of the trust account"):
            import_statements(staff, content=b"s1", reader=lambda _: [statement], iban="NL91ABNA0417164300")

    def test_b4_warns_of_a_gap_and_turns_the_proof_red_and_blocks_payouts(self, staff):
        import_(staff, a_statement("s1", (a_line("a", 100),), opening=0, on=date(2026, 11, 18)))
        late = import_(staff, a_statement("s3", (a_line("c", 7),), opening=150, on=date(2026, 11, 20)))
        assert "closed at EUR 1.00" in late.statements[0].warnings[0]
        assert not checks(prove(staff, on=staff.today))["P2"]
        assert "P2" in payouts_blocked(staff)
        import_(staff, a_statement("s2", (a_line("b", 50),), opening=100, on=date(2026, 11, 19)))
        assert checks(prove(staff, on=staff.today))["P2"]

    def test_takes_an_earlier_statement_afterwards(self, staff):
        import_(staff, a_statement("s2", (a_line("b", 50),), opening=100, on=date(2026, 11, 19)))
        import_(staff, a_statement("s1", (a_line("a", 100),), opening=0, on=date(2026, 11, 18)))
        assert account_balance(staff, account="trust.bank", currency="EUR") == eur(150)
        assert checks(prove(staff, on=staff.today))["P2"]

    def test_warns_of_a_statement_that_does_not_add_up(self, staff):
        result = import_(staff, a_statement("s1", (a_line("a", 100),), opening=0, closing=101))
        assert "is not the closing balance" in result.statements[0].warnings[0]
        assert not checks(prove(staff, on=staff.today))["P2"]
        assert latest_proof(staff).green is False

    def test_turns_red_when_a_line_waits_for_more_than_five_business_days(self, staff):
        import_(staff, a_statement("s1", (a_line("a", 100, on=date(2026, 1, 5)),), opening=0))
        assert not checks(prove(staff, on=staff.today))["P5"]

    def test_a_gap_is_looked_for_before_the_first_day_that_a_statement_tells(self, staff):
        import_(
            staff,
            a_statement("s1", (a_line("a", 100, on=date(2026, 11, 18)),), opening=0, on=date(2026, 11, 18)),
        )
        import_(
            staff,
            a_statement("s2", (a_line("b", 50, on=date(2026, 11, 19)),), opening=100, on=date(2026, 11, 19)),
        )
        week = (a_line("a", 100, on=date(2026, 11, 18)), a_line("b", 50, on=date(2026, 11, 19)))
        export = a_statement("week", (*week, a_line("c", 7)), opening=0, on=date(2026, 11, 20))
        result = import_(staff, export, content=b"week")
        assert (result.statements[0].warnings, result.new_lines) == ((), 1)

    def test_a_days_second_statement_follows_on_its_first(self, staff):
        import_(staff, a_statement("am", (a_line("a", 100),), opening=0))
        evening = import_(staff, a_statement("pm", (a_line("b", 50),), opening=100), content=b"pm")
        assert evening.statements[0].warnings == ()

    @pytest.mark.parametrize("order", list(permutations(range(3))))
    def test_a_days_pages_come_in_any_order(self, staff, order):
        """Banks write a long day on several pages, and a person hands them in as they stand in a folder."""
        today, next_day = staff.today - timedelta(days=1), staff.today
        pages = [
            a_statement("1", (a_line("a", 10, on=today),), opening=100, on=today),
            a_statement("2", (a_line("b", -20, on=today),), opening=110, on=today),
            a_statement("3", (a_line("c", 5, on=today),), opening=90, on=today),
        ]
        for at in order:
            import_(staff, pages[at])
        after = a_statement("4", (a_line("d", 3, on=next_day),), opening=95, on=next_day)
        assert import_(staff, after).statements[0].warnings == ()
        assert account_balance(staff, account="trust.bank", currency="EUR") == eur(98)
        assert all(checks(prove(staff, on=staff.today)).values())

    def test_a_missing_page_of_a_day_turns_the_proof_red(self, staff):
        import_(staff, a_statement("3", (a_line("c", 5),), opening=90))
        import_(staff, a_statement("1", (a_line("a", 10),), opening=100))
        assert not checks(prove(staff, on=staff.today))["P2"]

    def test_b10_a_line_in_another_currency_waits_for_a_person(self, staff):
        line = a_line("a", 100, marked="USD", text="RF18539007547034")
        import_(staff, a_statement("s1", (line,), opening=0))
        match_lines(staff)
        assert account_balance(staff, account="trust.suspense", currency="EUR") == eur(-100)
        (item,) = suspense_items(staff)
        assert item.reasons == ("other_currency",)
        assert checks(prove(staff, on=staff.today))["P2"]

    def test_b11_a_line_of_a_closed_month_is_booked_today_with_its_value_date(self, staff):
        import_(staff, a_statement("s1", (a_line("a", 100, on=date(2026, 3, 31)),), opening=0))
        booked = staff.session.connection().execute(
            text("SELECT booked_on, effective_on FROM ledger_transaction WHERE kind = 'bank_line'")
        )
        assert booked.one() == (staff.today, date(2026, 3, 31))


def deliver(unit, content: bytes, iban: str = ACCOUNT):
    return import_statements(unit, content=content, reader=read_bank_file, iban=iban)


class TestOtherFormats:
    LINES = (Paid(2500, end_to_end="E2E-1", ref="B1"), Paid(2500, ref="B2"), Paid(2500), Paid(-1210))

    @pytest.mark.parametrize("first", sorted(FORMATS))
    def test_b3_b8_a_day_in_every_format_is_booked_once_and_its_twins_twice(self, staff, first):
        order = [first, *sorted(FORMATS.keys() - {first})]
        brought = [deliver(staff, FORMATS[name](self.LINES, 10_000)).new_lines for name in order]
        assert brought == [4, 0, 0, 0, 0]
        assert count(staff, "bank_line") == 4
        bank = account_balance(staff, account="trust.bank", currency="EUR")
        assert bank == eur(16_290)
        red = [key for key, holds in checks(prove(staff, on=staff.today)).items() if not holds]
        assert red == ["P5"]  # the samples are of an earlier month

    def test_b3_the_same_statement_in_another_format_is_that_statement(self, staff):
        first = deliver(staff, FORMATS["camt"](self.LINES, 10_000)).statements[0]
        again = deliver(staff, FORMATS["mt940"](self.LINES, 10_000)).statements[0]
        assert (again.known, again.statement_id) == (True, first.statement_id)
        assert count(staff, "bank_statement") == 1

    def test_b8_halves_of_a_day_that_look_the_same_are_both_booked(self, staff):
        for opening in (10_000, 12_500):
            assert deliver(staff, FORMATS["mt940"]([Paid(2500)], opening)).new_lines == 1
        assert deliver(staff, FORMATS["ing"]([Paid(2500), Paid(2500)], 10_000)).new_lines == 0
        keys = staff.session.connection().execute(text("SELECT line_key FROM bank_line ORDER BY id"))
        one, other = (key.rpartition("-") for key in keys.scalars())
        assert (one[0], one[2], other[2]) == (other[0], "1", "2")


DETAILS = "".join(
    f'<TxDtls><Amt Ccy="EUR">{amount}</Amt><CdtDbtInd>CRDT</CdtDbtInd>'
    f"<RmtInf><Ustrd>incasso {number}</Ustrd></RmtInf></TxDtls>"
    for number, amount in enumerate(("10.00", "10.00", "5.00"))
)
WHOLE = camt053(statement(entry(details="")))
EXPLAINED = camt053(statement(entry(details=DETAILS)))


def as_kind(content: bytes, message: str, report: str) -> bytes:
    """A statement turned into an intraday report or a notification, without closing balance."""
    found = content.replace(b"BkToCstmrStmt", message.encode()).replace(b"Stmt>", f"{report}>".encode())
    return found.replace(b"OPBD", b"ITAV").replace(b"CLBD", b"ITBD")


REPORT = as_kind(EXPLAINED, "BkToCstmrAcctRpt", "Rpt")
NOTIFICATION = as_kind(EXPLAINED, "BkToCstmrDbtCdtNtfctn", "Ntfctn")


class TestNotices:
    @pytest.mark.parametrize("content", [REPORT, NOTIFICATION])
    def test_b3_a_report_or_notification_books_nothing_and_the_statement_once(self, staff, content):
        first = deliver(staff, content)
        assert (first.new_lines, first.repeated, count(staff, "bank_line")) == (0, False, 0)
        assert "books nothing" in first.statements[0].warnings[-1]
        assert deliver(staff, content).repeated
        assert deliver(staff, EXPLAINED).new_lines == 3
        deliver(staff, content)
        assert account_balance(staff, account="trust.bank", currency="EUR") == eur(12_500)
        assert count(staff, "bank_notice") == 1
        (kept,) = list_notices(staff)
        assert (kept.kind, kept.lines, kept.net) == (first.statements[0].kind, 3, eur(2_500))

    @pytest.mark.parametrize("order", [(WHOLE, NOTIFICATION), (NOTIFICATION, WHOLE), (WHOLE, EXPLAINED)])
    def test_details_take_the_place_of_the_sum_they_explain(self, staff, order):
        for content in (*order, *order):
            deliver(staff, content)
        lines = staff.session.connection().execute(
            text("SELECT amount_minor, state, part_of IS NOT NULL FROM bank_line ORDER BY amount_minor, id")
        )
        assert [tuple(row) for row in lines] == [
            (500, "suspense", True), (1_000, "suspense", True), (1_000, "suspense", True),
            (2_500, "split", False),
        ]  # fmt: skip
        assert account_balance(staff, account="trust.bank", currency="EUR") == eur(12_500)
        found = checks(prove(staff, on=staff.today))
        assert [found[key] for key in ("P1", "P2", "P3", "P4")] == [True] * 4

    def test_details_of_a_sum_that_somebody_settled_change_nothing(self, staff):
        deliver(staff, WHOLE)
        staff.session.connection().execute(text("UPDATE bank_line SET state = 'psp_settlement'"))
        staff.session.expire_all()
        deliver(staff, NOTIFICATION)
        assert count(staff, "bank_line") == 1

    def test_b13_a_notification_of_another_account_is_refused(self, staff):
        with pytest.raises(UnableToImport, match="not of the trust account"):
            deliver(staff, NOTIFICATION, iban=IBAN)
        assert count(staff, "bank_notice") == 0


class TestRealFiles:
    @pytest.mark.parametrize(
        ("folder", "iban", "least"),
        [
            ("camt_subite_large", "BE68793230773034", 2),
            ("camt_subite_sequence", "LT625883379695428516", 30),
        ],
    )
    def test_end_in_the_banks_own_balance(self, staff, real_data: Path, folder, iban, least):
        files = [path.read_bytes() for path in sorted((real_data / "03_bank" / folder).glob("*.xml"))]
        assert len(files) >= least

        def read_own(content: bytes) -> list[BankStatement]:
            return [statement for statement in read_bank_file(content) if statement.account == iban]

        for content in files:
            import_statements(staff, content=content, reader=read_own, iban=iban)
        statements = sorted(
            (statement for content in files for statement in read_own(content)),
            key=lambda statement: statement.closes_on,
        )
        assert count(staff, "bank_line") == sum(len(statement.lines) for statement in statements)
        gaps = sum(after.opening.minor - before.closing.minor for before, after in pairwise(statements))
        bank = account_balance(staff, account="trust.bank", currency="EUR")
        assert bank + eur(gaps) == statements[-1].closing
        found = checks(prove(staff, on=staff.today))
        assert [found[key] for key in ("P1", "P2", "P3", "P4", "P6")] == [True, gaps == 0, True, True, True]
        for content in files:
            again = import_statements(staff, content=content, reader=read_own, iban=iban)
            assert (again.repeated, again.new_lines) == (True, 0)

    def test_b5_a_file_cut_in_half_brings_nothing(self, staff, real_data: Path):
        path = sorted((real_data / "03_bank" / "camt_subite_large").glob("*.xml"))[0]
        content = path.read_bytes()
        with pytest.raises(UnableToImport):
            import_statements(
                staff, content=content[: len(content) // 2], reader=read_bank_file, iban="BE68793230773034"
            )
        assert count(staff, "bank_statement") == 0


def test_a_line_that_came_with_an_earlier_file_does_not_count_as_unknown(units):
    """The same day as MT940 after CAMT: its lines stand with the first file, and none waits there."""
    with units.open(Door.STAFF, by="x") as unit:
        import_(unit, a_statement("S1", (a_line("K1", 100),), opening=0))
        import_(unit, a_statement("S2", (a_line("K1", 100), a_line("K2", 200)), opening=0))
        rows = [statement_row(row) for row in unit.session.connection().execute(select(STATEMENTS))]
    assert {row.name: (row.lines, row.matched) for row in rows} == {"S1": (1, 0), "S2": (2, 1)}
