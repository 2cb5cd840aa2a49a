"""The journal as XML Auditfile Financieel 3.2, which Dutch accountants and the tax office read.

Written as a stream; only elements that 3.1 and 3.2 share are used. A file holds one currency. People stand in
it by a number that means nothing elsewhere, creditors by their names.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby
from typing import Any
from uuid import UUID
from xml.sax.saxutils import escape

from sqlalchemy import text

from agency.kernel.unit import Unit
from agency.ledger.chart import CHART, Nature
from agency.ledger.journal import JournalEntry, Period, journal
from agency.ledger.models import Book
from agency.ledger.queries import AccountBalance, trial_balance
from agency.money import Money

NAMESPACE = "http://www.auditfiles.nl/XAF/{version}"
_JOURNALS = {Book.CLAIMS: "M", Book.TRUST: "B", Book.AGENCY: "M", Book.BAILIFF: "B"}
_OF_CREDITOR = ("trust.creditor", "agency.receivable", "agency.fee_income", "bailiff.advances")
_OF_DEBTOR = ("claims.principal", "claims.interest", "claims.costs", "trust.debtor", "bailiff.to_recover")
# No booking closes a year: the ledger goes on, and only this file begins each year anew.
_EARLIER_YEARS = "9000"
_NAME_MAX, _DESCRIPTION_MAX, _REFERENCE_MAX = 50, 50, 999


@dataclass(frozen=True, slots=True)
class Company:
    """Whose books these are."""

    number: str
    name: str
    country: str
    tax_number: str


def xaf(
    unit: Unit, *, period: Period, company: Company, currency: str = "EUR", version: str = "3.2"
) -> Iterator[str]:
    """This function will give the file of a period in pieces.

    :param version: 3.2, or 3.1 for whoever cannot read it yet.
    """
    yield '<?xml version="1.0" encoding="UTF-8"?>\n'
    yield f'<auditfile xmlns="{NAMESPACE.format(version=version)}">\n'
    yield _header(unit, period, currency)
    yield "<company>\n"
    yield _tags(companyIdent=company.number, companyName=company.name,
                taxRegistrationCountry=company.country, taxRegIdent=company.tax_number)  # fmt: skip
    yield from _customers(unit, period)
    yield from _accounts()
    months = list(_months(period))
    yield from _periods(months)
    yield from _opening(unit, period, currency)
    yield from _transactions(unit, period, months, currency)
    yield "</company>\n</auditfile>\n"


def _header(unit: Unit, period: Period, currency: str) -> str:
    first, last = period.first.year, period.last.year
    year = str(first) if first == last else f"{first}-{last}"
    return "<header>\n" + _tags(
        fiscalYear=year, startDate=period.first, endDate=period.last, curCode=currency,
        dateCreated=unit.today,
        softwareDesc="Back office of a collection agency", softwareVersion="1",
    ) + "</header>\n"  # fmt: skip


def _customers(unit: Unit, period: Period) -> Iterator[str]:
    """Everybody whom a line of the period names: creditors by name, debtors by a bare number."""
    rows = unit.session.connection().execute(
        text(
            "WITH seen AS (SELECT DISTINCT e.creditor_id, e.claim_id FROM ledger_entry e"
            " JOIN ledger_transaction t ON t.creditor_id = e.creditor_id AND t.id = e.transaction_id"
            " WHERE t.booked_on BETWEEN :first AND :last)"
            " SELECT 'S' AS kind, k.id, k.name FROM creditor k WHERE k.id IN (SELECT creditor_id FROM seen)"
            " UNION ALL SELECT DISTINCT 'C', c.debtor_id, '' FROM seen s"
            " JOIN claim c ON c.creditor_id = s.creditor_id AND c.id = s.claim_id ORDER BY 1, 2"
        ),
        {"first": period.first, "last": period.last},
    )
    yield "<customersSuppliers>\n"
    for row in rows:
        name = {"custSupName": row.name[:_NAME_MAX]} if row.name else {}
        yield "<customerSupplier>" + _tags(custSupID=_person(row.kind, row.id), **name, custSupTp=row.kind)
        yield "</customerSupplier>\n"
    yield "</customersSuppliers>\n"


def _accounts() -> Iterator[str]:
    yield "<generalLedger>\n"
    for account in sorted(CHART.values(), key=lambda account: account.number):
        kind = "P" if _of_result(account.code) else "B"
        yield _account(account.number, f"{account.code}: {account.meaning}", kind)
    yield _account(_EARLIER_YEARS, "result of earlier years", "B")
    yield "</generalLedger>\n"


def _account(number: str, meaning: str, kind: str) -> str:
    told = _tags(accID=number, accDesc=meaning, accTp=kind)
    return f"<ledgerAccount>{told}</ledgerAccount>\n"


def _months(period: Period) -> Iterator[tuple[date, date]]:
    first = period.first
    while first <= period.last:
        following = (first.replace(day=1) + timedelta(days=32)).replace(day=1)
        yield first, min(period.last, following - timedelta(days=1))
        first = following


def _periods(months: Sequence[tuple[date, date]]) -> Iterator[str]:
    yield "<periods>\n"
    for number, (first, last) in enumerate(months, start=1):
        yield (
            "<period>" + _tags(periodNumber=number, startDatePeriod=first, endDatePeriod=last) + "</period>\n"
        )
    yield "</periods>\n"


def _opening(unit: Unit, period: Period, currency: str) -> Iterator[str]:
    standing = _standing(unit, period, currency)
    amounts = [amount.minor for _, amount in standing]
    yield "<openingBalance>\n" + _tags(
        opBalDate=period.first, linesCount=len(standing), totalDebit=_sum(amounts, 1, currency),
        totalCredit=_sum(amounts, -1, currency),
    )  # fmt: skip
    for number, (account, amount) in enumerate(standing, start=1):
        yield "<obLine>" + _tags(nr=number, **_side(account, amount)) + "</obLine>\n"
    yield "</openingBalance>\n"


def _standing(unit: Unit, period: Period, currency: str) -> list[tuple[str, Money]]:
    """What stood on each account before the period, by its number. A year begins without result: what earlier
    years earned and cost stands together as their result."""
    before = period.first - timedelta(days=1)
    standing = {row.account: row.balance for row in _balances(unit, before, currency)}
    result = Money.zero(currency)
    for row in _balances(unit, date(period.first.year - 1, 12, 31), currency):
        if _of_result(row.account):
            standing[row.account] -= row.balance
            result += row.balance
    numbered = {CHART[account].number: amount for account, amount in standing.items()}
    numbered[_EARLIER_YEARS] = result
    return [(number, amount) for number, amount in sorted(numbered.items()) if amount]


def _balances(unit: Unit, to: date, currency: str) -> list[AccountBalance]:
    found = trial_balance(unit, booked_to=to)
    return [row for row in found if row.balance.currency == currency]


def _of_result(account: str) -> bool:
    return CHART[account].nature in (Nature.INCOME, Nature.EXPENSE)


def _side(number: str, amount: Money) -> dict[str, Any]:
    return {"accID": number, "amnt": abs(amount).decimal, "amntTp": "D" if amount.minor > 0 else "C"}


def _transactions(
    unit: Unit, period: Period, months: Sequence[tuple[date, date]], currency: str
) -> Iterator[str]:
    totals = unit.session.connection().execute(
        text(
            "SELECT count(*) AS lines, coalesce(sum(e.amount_minor) FILTER (WHERE e.amount_minor > 0), 0)"
            "::bigint AS debit, coalesce(-sum(e.amount_minor) FILTER (WHERE e.amount_minor < 0), 0)"
            "::bigint AS credit FROM ledger_entry e"
            " JOIN ledger_transaction t ON t.creditor_id = e.creditor_id"
            " AND t.id = e.transaction_id WHERE t.booked_on BETWEEN :first AND :last"
            " AND e.currency = :currency"
        ),
        {"first": period.first, "last": period.last, "currency": currency},
    )
    lines, debit, credit = totals.one()
    yield "<transactions>\n" + _tags(
        linesCount=lines, totalDebit=Money(debit, currency).decimal,
        totalCredit=Money(credit, currency).decimal
    )  # fmt: skip
    for book, kind in _JOURNALS.items():
        yield "<journal>" + _tags(jrnID=book.value, desc=book.value, jrnTp=kind) + "\n"
        entries = journal(unit, period=period, book=book, currency=currency)
        for _, legs in groupby(entries, key=lambda entry: entry.transaction_id):
            yield _transaction(list(legs), months)
        yield "</journal>\n"
    yield "</transactions>\n"


def _transaction(legs: list[JournalEntry], months: Sequence[tuple[date, date]]) -> str:
    head = legs[0]
    number = next(n for n, (_, last) in enumerate(months, start=1) if head.booked_on <= last)
    told = _tags(
        nr=head.transaction_id.hex, desc=f"{head.kind} {head.memo}".strip()[:_DESCRIPTION_MAX],
        periodNumber=number, trDt=head.booked_on,
    )  # fmt: skip
    return "<transaction>" + told + "".join(map(_line, legs)) + "</transaction>\n"


def _line(leg: JournalEntry) -> str:
    side = _side(CHART[leg.account].number, leg.amount)
    who: dict[str, Any] = {}
    if leg.account in _OF_CREDITOR:
        who = {"custSupID": _person("S", leg.creditor_id)}
    elif leg.account in _OF_DEBTOR and leg.debtor_id:
        who = {"custSupID": _person("C", leg.debtor_id)}
    invoice = {"invRef": leg.claim} if leg.claim else {}
    return "<trLine>" + _tags(
        nr=leg.line, accID=side["accID"], docRef=leg.source_key[:_REFERENCE_MAX], effDate=leg.effective_on,
        amnt=side["amnt"], amntTp=side["amntTp"], **who, **invoice,
    ) + "</trLine>\n"  # fmt: skip


def _person(kind: str, person: UUID) -> str:
    return f"{kind}{person.hex}"


def _sum(amounts: Sequence[int], sign: int, currency: str) -> Any:
    return Money(sum(sign * amount for amount in amounts if sign * amount > 0), currency).decimal


def _tags(**values: Any) -> str:
    """Elements in the order given; characters that XML cannot carry are left out."""
    return "".join(
        f"<{name}>{escape(''.join(sign for sign in str(value) if sign.isprintable()))}</{name}>"
        for name, value in values.items()
    )
