"""The sheets of a workbook as they will be read, one beside the other, and which of them are left out."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Final, Literal

from agency.intake.columns import propose
from agency.intake.mapping import REQUIRED, Mapped
from agency.intake.preview import ReadRow, preview
from agency.intake.reading import read_table
from agency.intake.rows import Habits
from agency.intake.table import ALL_KINDS, Table, all_but, asks_for_kinds, has_sheet, sheets_left_out
from agency.intake.workbook import SheetLook, look_at_sheets
from agency.intake.writing import find_writing
from portal.shared.claim_fields import FIELDS

ROWS_SHOWN: Final = 3


@dataclass(frozen=True)
class ShownSheet:
    """A sheet on the mapping page. `at` is its place among the filled ones, `columns` pairs a header with the
    field that it is read as; `apart` has columns of its own and is read only when it is chosen."""

    name: str
    at: int
    rows: int
    state: Literal["read", "left_out", "apart"]
    columns: list[tuple[str, str]]
    first: list[ReadRow]


@dataclass(frozen=True)
class Kind:
    """Sheets with the same columns, which get one answer; the only one of a file that has no more.

    :param prefix: what the names of its fields begin with.
    :param sheets: those that are read; empty where there was nothing to choose.
    """

    prefix: str
    sheets: tuple[str, ...]
    table: Table


def open_sheets(content: bytes, fields: Mapping[str, Any]) -> Table:
    """This function will open a file with the sheet that was chosen, or with all less those left out.

    A sheet that the file has not is as none chosen. Where every sheet was left out, they are all there still.

    :raises Unreadable: the file holds no table.
    """
    table = read_table(content)
    sheet = str(fields.get("sheet", ""))
    if not has_sheet(table, sheet):
        return table
    if asks_for_kinds(sheet):
        every = replace(table, sheet=ALL_KINDS, other_sheets=())
        return replace(every, sheet=all_but(_left_out(fields, every), of=ALL_KINDS))
    chosen = table if sheet == table.sheet else read_table(content, sheet)
    out = _left_out(fields, chosen)
    return read_table(content, all_but(out)) if out and not everything_left_out(fields, chosen) else chosen


def everything_left_out(fields: Mapping[str, Any], table: Table) -> bool:
    """This function will tell whether no sheet of an opened file remains."""
    return set(_left_out(fields, table)) == set(table.sheets) - set(table.other_sheets) != set()


def kinds_of(content: bytes, table: Table) -> list[Kind]:
    """This function will group the sheets that are read by their columns; the table itself where they are
    not read apart."""
    if not asks_for_kinds(table.sheet):
        return [Kind("", (), table)]
    left_out = sheets_left_out(table.sheet) or frozenset()
    grouped: dict[tuple[str, ...], list[SheetLook]] = {}
    for look in look_at_sheets(content, ALL_KINDS):
        if look.table is not None:
            grouped.setdefault(look.table.headers, []).append(look)
    found = []
    for at, looks in enumerate(grouped.values()):
        names = tuple(look.name for look in looks if look.name not in left_out)
        if names and looks[0].table is not None:
            found.append(Kind(f"kind{at}_" if at else "", names, looks[0].table))
    return found


def first_left_out(content: bytes, table: Table) -> dict[str, str]:
    """This function will tick the sheets that hold no amounts, before anybody said anything."""
    if not asks_for_kinds(table.sheet):
        return {}
    looks = enumerate(look_at_sheets(content, ALL_KINDS))
    return {f"leave_out_{at}": "true" for at, look in looks if not look.amounts}


def _left_out(fields: Mapping[str, Any], table: Table) -> list[str]:
    if sheets_left_out(str(fields.get("sheet", ""))) is None:
        return []
    ticked = [name for at, name in enumerate(table.sheets) if fields.get(f"leave_out_{at}") == "true"]
    return [name for name in ticked if name not in table.other_sheets]


def shown_sheets(
    content: bytes,
    table: Table,
    fields: Mapping[str, Any],
    *,
    mapped: Mapping[str, Mapped],
    habits: Habits,
    today: date,
) -> list[ShownSheet]:
    """This function will show every filled sheet of a workbook that has several; nothing of other files.

    :param mapped: how each sheet is read, by its name; under the empty text those without one of their own.
    """
    if len(table.sheets) < 2:
        return []
    together = sheets_left_out(str(fields.get("sheet", ""))) is not None
    apart = asks_for_kinds(table.sheet)
    asked = ALL_KINDS if apart else table.sheet
    out = sheets_left_out(table.sheet) or ()
    return [
        _shown(
            replace(look, read=look.read and look.name not in out, alike=apart or look.alike),
            at,
            together=together,
            mapped=mapped.get(look.name) or mapped.get("") or Mapped(columns={}),
            habits=habits,
            today=today,
        )
        for at, look in enumerate(look_at_sheets(content, asked))
    ]


def _shown(
    look: SheetLook, at: int, *, together: bool, mapped: Mapped, habits: Habits, today: date
) -> ShownSheet:
    state: Literal["read", "left_out", "apart"] = "read" if look.read else "apart"
    if together and look.alike and not look.read:
        state = "left_out"
    if look.table is None:
        return ShownSheet(look.name, at, look.rows, state, [], [])
    by = _recognised(look.table) if state == "apart" else mapped
    there = look.table.headers
    columns = [(header, FIELDS[field]) for field, header in by.columns.items() if header in there]
    legible = state != "apart" or set(REQUIRED) <= by.columns.keys()
    rows = preview(
        there, look.table.sample[:ROWS_SHOWN] if legible else (), mapped=by, habits=habits,
        today=today,
    )  # fmt: skip
    return ShownSheet(look.name, at, look.rows, state, columns, rows)


def _recognised(table: Table) -> Mapped:
    columns = propose(table.headers, table.sample).columns
    writing = find_writing(columns, table.headers, table.sample)
    return Mapped(columns=columns, decimal_sign=writing.decimal_sign, date_order=writing.date_order or "day")
