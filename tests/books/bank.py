"""The bank of these runs: statements that follow on, each in a real format, and told again in another one."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from agency.banking.importing import ImportResult, import_statements
from agency.kernel.unit import Unit
from agency.ports.readers import BankLine, BankStatement
from integrations.bankfiles import read_bank_file
from tests.bankfiles.one_day import ACCOUNT, FORMATS, Paid
from tests.banking.test_importing import a_line, a_statement

TOLD_IN = ("camt", "mt940")
"""Formats that carry balances, so that statements follow on, and no numbers that begin anew each day; any
format may tell a day again."""


@dataclass
class Bank:
    """The trust account at the bank; `told` are the statements that it sent."""

    balance: int = 0
    number: int = 0
    told: list[tuple[tuple[Paid, ...], int]] = field(default_factory=list)

    def tell(self, unit: Unit, lines: Sequence[Paid], *, format: str) -> ImportResult:
        """Send a statement of lines that happened today."""
        opening, self.balance = self.balance, self.balance + sum(line.cents for line in lines)
        self.told.append((tuple(lines), opening))
        return self._send(unit, FORMATS[format](lines, opening))

    def tell_again(self, unit: Unit, which: int, *, format: str) -> ImportResult:
        """Send an earlier statement once more, in whatever format."""
        lines, opening = self.told[which % len(self.told)]
        return self._send(unit, FORMATS[format](lines, opening))

    def take_back(self, unit: Unit, line: BankLine) -> ImportResult:
        """Send a statement with a return, of which only some formats say what it is."""
        opening, self.balance = self.balance, self.balance + line.amount.minor
        made = a_statement(line.key, (line,), opening=opening, on=unit.today, account=ACCOUNT)
        return self._send(unit, line.key.encode(), made)

    def text(self, words: str) -> str:
        """Words that no other line has: a bank numbers its statements, these formats do not."""
        self.number += 1
        return f"{words} nr {self.number}".strip()

    def a_return(self, unit: Unit, minor: int, *, iban: str, end_to_end: str) -> BankLine:
        """A line that takes back what came from an account."""
        self.number += 1
        return a_line(
            f"return-{self.number}", -minor, on=unit.today, counterparty_iban=iban, end_to_end=end_to_end,
            return_reason="MD06",
        )  # fmt: skip

    def _send(self, unit: Unit, content: bytes, *made: BankStatement) -> ImportResult:
        return import_statements(
            unit, content=content, reader=(lambda _: made) if made else read_bank_file, iban=ACCOUNT
        )
