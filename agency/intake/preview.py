"""The first rows of a file as a mapping reads them, before anything is stored."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from agency.intake.mapping import Mapped
from agency.intake.rows import STAGED, Habits, Reject, RowChecker
from agency.intake.table import Row
from agency.money import Money

PREVIEW_ROWS: Final = 8


@dataclass(frozen=True)
class ReadRow:
    """One row as it is understood, or why it is not: then `rejects` says which field and why."""

    row: int
    invoice_number: str = ""
    debtor: str = ""
    amount: Money | None = None
    issued_on: date | None = None
    due_on: date | None = None
    debtor_kind: str = ""
    place: str = ""
    rejects: tuple[Reject, ...] = ()


def preview(
    headers: Sequence[str], sample: Sequence[Row], *, mapped: Mapped, habits: Habits, today: date
) -> list[ReadRow]:
    """This function will read the first `PREVIEW_ROWS` rows by a mapping that may still be incomplete."""
    checker = RowChecker(mapped=mapped, habits=habits, today=today)
    at = {field: list(headers).index(name) for field, name in mapped.columns.items() if name in headers}
    return [
        _read(
            row,
            checker.check(row, {field: cells[i] for field, i in at.items() if i < len(cells)}),
            dict(mapped.labels),
        )
        for row, cells in sample[:PREVIEW_ROWS]
    ]


def _read(row: int, checked: object, columns: dict[str, str]) -> ReadRow:
    if isinstance(checked, list):
        named = (Reject(row, columns.get(r.field, r.field), r.reason, r.value) for r in checked)
        return ReadRow(row, rejects=tuple(named))
    assert isinstance(checked, tuple)
    found = dict(zip(STAGED, checked, strict=True))
    place = " ".join(part for part in (found["postal_code"], found["city"], found["country"]) if part)
    return ReadRow(
        row,
        invoice_number=found["invoice_number"],
        debtor=found["debtor_name"],
        amount=Money(found["amount_minor"], found["currency"]),
        issued_on=found["issued_on"],
        due_on=found["due_on"],
        debtor_kind=found["debtor_kind"],
        place=place,
    )
