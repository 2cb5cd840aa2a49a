"""The books as a file, for the command line and for finance's page: CSV, beancount or XAF."""

import csv
import io
from collections.abc import Iterator
from datetime import date
from typing import IO, Literal, get_args

from agency.kernel.settings import Settings
from agency.kernel.unit import Unit
from agency.kernel.written_files import safe_cell
from agency.ledger.beancount import beancount
from agency.ledger.chart import CHART
from agency.ledger.journal import JournalEntry, Period, journal
from agency.ledger.xaf import Company, xaf

Form = Literal["csv", "beancount", "xaf"]
FORMS: tuple[Form, ...] = get_args(Form)
MEDIA = {"csv": "text/csv; charset=utf-8", "beancount": "text/plain; charset=utf-8", "xaf": "application/xml"}
COLUMNS = (
    "booked_on", "effective_on", "transaction", "line", "book", "kind", "number", "account", "creditor",
    "claim", "debit", "credit", "currency", "key", "memo", "by", "reverses",
)  # fmt: skip


def write_books(
    unit: Unit, out: IO[bytes], *, form: Form, first: date, last: date, settings: Settings
) -> None:
    """This function will write the books of a period, both days of booking included, piece by piece.

    :raises EmptyPeriod: it ends before it begins.
    """
    unit.allow_long_statements()
    for piece in _pieces(unit, form, Period(first, last), settings):
        out.write(piece.encode())


def file_name(form: Form, *, first: date, last: date) -> str:
    """This function will name the file of a period."""
    return f"journal-{first}-{last}.{form}"


def _pieces(unit: Unit, form: Form, period: Period, settings: Settings) -> Iterator[str]:
    if form == "csv":
        return _csv(journal(unit, period=period))
    if form == "beancount":
        return beancount(unit, period=period)
    company = Company(settings.agency_chamber_number, settings.agency_name, "NL", settings.agency_vat_number)
    return xaf(unit, period=period, company=company)


def _csv(entries: Iterator[JournalEntry]) -> Iterator[str]:
    """Lines of semicolons, amounts with a point; no cell is ever a formula."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=";", quoting=csv.QUOTE_ALL)
    writer.writerow(COLUMNS)
    yield "\ufeff"
    for entry in entries:
        yield _taken(out)
        amount, currency = entry.amount, entry.amount.currency
        writer.writerow(
            [entry.booked_on, entry.effective_on, entry.transaction_id, entry.line, entry.book, entry.kind,
             CHART[entry.account].number, entry.account, safe_cell(entry.creditor), entry.claim,
             amount.decimal if amount.minor > 0 else "", (-amount).decimal if amount.minor < 0 else "",
             currency,
             safe_cell(entry.source_key), safe_cell(entry.memo), entry.by, entry.reverses_id or ""]
        )  # fmt: skip
    yield _taken(out)


def _taken(out: io.StringIO) -> str:
    """Return what was written so far and start anew."""
    text = out.getvalue()
    out.seek(0)
    out.truncate()
    return text
