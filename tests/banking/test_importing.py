"""Bank files into the books: real statements to the cent, each line once, refusals that touch nothing."""

from datetime import date
from itertools import pairwise
from pathlib import Path

import pytest
from sqlalchemy import text

from agency.banking.importing import UnableToImport, import_statements
from agency.banking.proof import latest_proof, prove
from agency.kernel.unit import Door
from agency.ledger.queries import account_balance
from agency.money import Money
from agency.ports.readers import BankLine, BankStatement
from integrations.bankfiles import read_bank_file

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
        result = import_(
            staff, a_statement("s1", (a_line("a", 100), a_line("b", 250), a_line("c", -30)), opening=1_000)
        )
        assert result.new_lines == 3
        assert account_balance(staff, account="trust.bank", currency="EUR") == eur(1_320)
        assert account_balance(staff, account="trust.suspense", currency="EUR") == eur(-1_320)
        assert all(checks(prove(staff, on=staff.today)).values())

    def test_knows_the_same_file_again(self, staff):
        statement = a_statement("s1", (a_line("a", 100),), opening=0)
        import_(staff, statement)
        again = import_(staff, statement)
        assert (again.repeated, again.new_lines) == (True, 0)
        assert count(staff, "bank_line") == 1
        assert count(staff, "ledger_transaction") == 1

    def test_knows_the_same_lines_in_another_file(self, staff):
        import_(staff, a_statement("s1", (a_line("a", 100),), opening=0))
        other = import_(
            staff, a_statement("s1-renewed", (a_line("a", 100), a_line("b", 5)), opening=0), content=b"other"
        )
        assert (other.repeated, other.new_lines) == (False, 1)
        assert account_balance(staff, account="trust.bank", currency="EUR") == eur(105)

    @pytest.mark.parametrize("account", ["NL91ABNA0417164300", None, "DE89370400440532013000"])
    def test_refuses_a_file_of_another_account_without_a_hint(self, staff, account):
        with pytest.raises(UnableToImport) as refusal:
            import_(
                staff,
                a_statement("s1", (a_line("a", 100),), opening=0),
                a_statement("s2", (a_line("b", 100),), opening=100, account=account),
            )
        assert refusal.value.message == "this file is not of the trust account"
        assert count(staff, "bank_statement") == count(staff, "ledger_transaction") == 0

    def test_refuses_what_is_not_final(self, staff):
        with pytest.raises(UnableToImport):
            import_(staff, a_statement("s1", (a_line("a", 1),), opening=0, kind="report"))
        assert count(staff, "bank_line") == 0

    def test_warns_of_a_gap_and_turns_the_proof_red(self, staff):
        import_(staff, a_statement("s1", (a_line("a", 100),), opening=0, on=date(2026, 11, 18)))
        late = import_(staff, a_statement("s3", (a_line("c", 7),), opening=150, on=date(2026, 11, 20)))
        assert "closed at EUR 1.00" in late.statements[0].warnings[0]
        assert not checks(prove(staff, on=staff.today))["P2"]
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

    def test_a_file_cut_in_half_brings_nothing(self, staff, real_data: Path):
        path = sorted((real_data / "03_bank" / "camt_subite_large").glob("*.xml"))[0]
        content = path.read_bytes()
        with pytest.raises(UnableToImport):
            import_statements(
                staff, content=content[: len(content) // 2], reader=read_bank_file, iban="BE68793230773034"
            )
        assert count(staff, "bank_statement") == 0
