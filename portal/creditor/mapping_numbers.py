"""By what a line without an invoice number is known, as the mapping page asks it: with the first line's."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

from agency.intake.known_by import KNOWN_BY, LAST_DAY, known_by
from agency.intake.mapping import Mapped
from agency.intake.preview import preview
from agency.intake.rows import Habits
from agency.intake.table import Table
from portal.shared.claim_fields import FIELDS
from portal.shared.i18n import N_, gettext

WAYS: Final[Mapping[str, str]] = {
    "month": N_("Customer number and month"),
    "month_description": N_("Customer number, month and description"),
    "due_day": N_("Customer number and due date"),
    "issue_day": N_("Customer number and invoice date"),
}


@dataclass(frozen=True)
class Way:
    """A way in which a line can be known: the number of the first line by it, or the columns it lacks."""

    value: str
    title: str
    example: str
    lacks: tuple[str, ...]


@dataclass(frozen=True)
class Numbers:
    """What is asked about lines without invoice numbers; `days` are the days of a month, the last one as
    `LAST_DAY`, where one must be chosen."""

    ways: tuple[Way, ...]
    days: tuple[int, ...]
    last_day: int = LAST_DAY


def shown_numbers(table: Table, mapped: Mapped, *, habits: Habits, today: date) -> Numbers | None:
    """This function will return what is asked about a table's lines; None where a column numbers them."""
    if "invoice_number" in mapped.columns:
        return None
    ways = tuple(_way(way, table, mapped, habits, today) for way in KNOWN_BY)
    by_month = "period" in KNOWN_BY.get(mapped.known_by, ()) and "period" in mapped.columns
    return Numbers(ways, (*range(1, 29), LAST_DAY) if by_month and "due_on" not in mapped.columns else ())


def _way(way: str, table: Table, mapped: Mapped, habits: Habits, today: date) -> Way:
    lacks = tuple(gettext(FIELDS[field]) for field in KNOWN_BY[way] if field not in mapped.columns)
    first = []
    if not lacks:
        tried = replace(mapped, known_by=known_by(way), pay_day=mapped.pay_day or 1)
        first = preview(table.headers, table.sample, mapped=tried, habits=habits, today=today)
    return Way(way, WAYS[way], next((row.invoice_number for row in first if row.invoice_number), ""), lacks)
