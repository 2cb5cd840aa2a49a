"""The journal as beancount text, so that a program that is not ours adds it up and finds the bank's balances.

Syntax: the Beancount Language Syntax (beancount v3). A balance directive holds at the beginning of its day,
so the balance at the end of a day stands on the next.
"""

from collections.abc import Iterator
from datetime import date, timedelta
from itertools import groupby

from agency.kernel.unit import Unit
from agency.ledger.chart import CHART, Nature
from agency.ledger.journal import JournalEntry, Period, bank_at_end_of_days, journal
from agency.ledger.queries import trial_balance
from agency.money import Money

_DAY = timedelta(days=1)
_ROOTS = {
    Nature.ASSET: "Assets",
    Nature.LIABILITY: "Liabilities",
    Nature.INCOME: "Income",
    Nature.EXPENSE: "Expenses",
    Nature.CONTRA: "Equity",
}
_OPENING = "Equity:Opening-Balances"


def beancount(unit: Unit, *, period: Period) -> Iterator[str]:
    """This function will give the text of a period, line by line: accounts, opening, bookings, balances."""
    before = period.first - _DAY
    yield f'option "title" "Journal {period.first} to {period.last}"\n'
    yield 'option "operating_currency" "EUR"\n\n'
    for code, account in CHART.items():
        yield f"{before} open {account_name(code)}\n"
        yield f"  number: {_text(account.number)}\n  meaning: {_text(account.meaning)}\n"
    yield f"{before} open {_OPENING}\n\n"
    yield from _opening(unit, before)
    balances = iter([*bank_at_end_of_days(unit, period=period), (date.max, None)])
    day, balance = next(balances)
    for entries in _transactions(unit, period):
        while entries[0].booked_on > day and balance is not None:
            yield _balance(day, balance)
            day, balance = next(balances)
        yield from _transaction(entries)
    while balance is not None:
        yield _balance(day, balance)
        day, balance = next(balances)


def account_name(code: str) -> str:
    """This function will return an account's name for beancount, such as Assets:Trust:Bank."""
    parts = [
        "-".join(word.capitalize() for word in part.replace("_", "-").split("-")) for part in code.split(".")
    ]
    return ":".join([_ROOTS[CHART[code].nature], *parts])


def _opening(unit: Unit, on: date) -> Iterator[str]:
    """What stood on every account before the period."""
    standing = [row for row in trial_balance(unit, booked_to=on) if row.balance]
    if not standing:
        return
    yield f'{on} * "Opening balances"\n'
    for row in standing:
        yield _leg(row.account, row.balance)
        yield f"  {_OPENING}  {_amount(-row.balance)}\n"
    yield "\n"


def _transactions(unit: Unit, period: Period) -> Iterator[list[JournalEntry]]:
    for _, entries in groupby(journal(unit, period=period), key=lambda entry: entry.transaction_id):
        yield list(entries)


def _transaction(entries: list[JournalEntry]) -> Iterator[str]:
    head = entries[0]
    yield f"{head.booked_on} * {_text(head.kind)} {_text(head.memo)}\n"
    yield f"  id: {_text(str(head.transaction_id))}\n  key: {_text(head.source_key)}\n"
    yield f"  creditor: {_text(head.creditor)}\n  effective: {head.effective_on}\n"
    if head.reverses_id:
        yield f"  reverses: {_text(str(head.reverses_id))}\n"
    for entry in entries:
        yield _leg(entry.account, entry.amount)
        if entry.claim:
            yield f"    claim: {_text(entry.claim)}\n"
    yield "\n"


def _balance(day: date, balance: Money) -> str:
    return f"{day + _DAY} balance {account_name('trust.bank')}  {_amount(balance)}\n\n"


def _leg(account: str, amount: Money) -> str:
    return f"  {account_name(account)}  {_amount(amount)}\n"


def _amount(amount: Money) -> str:
    return f"{amount.decimal} {amount.currency}"


def _text(value: str) -> str:
    """A string of beancount: one line, quotation marks and backslashes escaped."""
    one_line = " ".join(value.split())
    return '"' + one_line.replace("\\", "\\\\").replace('"', '\\"') + '"'
