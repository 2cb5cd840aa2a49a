"""Checked rows in chunks, as CSV that COPY reads: in memory for a small file, in the database for a large."""

import hashlib
import json
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import islice
from typing import Any, Final
from uuid import UUID

import polars as pl
from sqlalchemy import text

from agency.intake.checks.finding import Finding
from agency.intake.findings import findings_frame
from agency.intake.mapping import Mapped
from agency.intake.plain_rows import PlainRows, Sifted, staged_frame
from agency.intake.reading import Cell, Row, Table
from agency.intake.rejected import MARKS
from agency.intake.rows import STAGED, Reject, RowChecker
from agency.kernel.unit import Unit

CHUNK: Final = 10_000
WORTH_COLUMNS: Final = 200
"""From so many rows on, looking at columns costs less than looking at rows."""

_REJECT: Final = {"row": pl.Int64, "field": pl.String, "reason": pl.String, "value": pl.String}
_WIDER: Final = "has more values than there are columns"
_NARROWER: Final = "has fewer values than there are columns"

Checked = tuple[Any, ...] | list[Reject]


@dataclass(frozen=True)
class Chunk:
    """Some rows that were checked: `checked` as `STAGED` says, `rejects` as row, field, reason, value, and
    `findings` as `FINDING_COLUMNS` says."""

    rows: int
    last_row: int
    checked: bytes
    rejects: bytes
    findings: bytes


def chunk_of(
    checked: Sequence[Checked],
    remarks: Iterable[tuple[int, Finding]],
    *,
    last_row: int,
    sifted: Sifted | None = None,
) -> Chunk:
    """This function will pack rows that were checked one by one, and those that were found plainly right."""
    taken = staged_frame([row for row in checked if isinstance(row, tuple)])
    rejects = [reject for row in checked if isinstance(row, list) for reject in row]
    told = [(one.row, one.field, one.reason, one.value.replace("\x00", "")) for one in rejects]
    findings, plain = findings_frame(remarks), 0
    if sifted is not None:
        plain = sifted.plain.height
        taken = pl.concat([sifted.plain.cast(taken.schema), taken])
        findings = pl.concat([sifted.findings, findings])
    return Chunk(
        rows=len(checked) + plain,
        last_row=last_row,
        checked=_as_csv(taken),
        rejects=_as_csv(pl.DataFrame(told, schema=_REJECT, orient="row")),
        findings=_as_csv(findings),
    )


def _as_csv(frame: pl.DataFrame) -> bytes:
    return frame.write_csv(include_header=False).encode()


def chunks_of_rows(rows: Iterable[tuple[int, Checked]], checker: RowChecker) -> Iterator[Chunk]:
    """This function will pack rows that this checker checked one by one, each with its number."""
    waiting = iter(rows)
    while some := list(islice(waiting, CHUNK)):
        yield chunk_of([checked for _, checked in some], checker.take_remarks(), last_row=some[-1][0])


def chunks_of_table(table: Table, mapped: Mapped, checker: RowChecker, *, after: int = 0) -> Iterator[Chunk]:
    """This function will check a table's rows behind a row, a chunk at a time.

    :raises Unreadable: a line further on cannot be read.
    """
    columns = {field: table.headers.index(header) for field, header in mapped.columns.items()}
    plain = PlainRows(checker, columns, len(table.headers))
    rows = (row for row in rows_as_written(table) if row[0] > after)
    while some := list(islice(rows, CHUNK)):
        sifted = plain.sift(some) if len(some) >= WORTH_COLUMNS else None
        one_by_one = some if sifted is None else sifted.others
        checked = [check_cells(row, columns, len(table.headers), mapped, checker) for row in one_by_one]
        yield chunk_of(checked, checker.take_remarks(), last_row=some[-1][0], sifted=sifted)


def chunks_of_tables(
    tables: Iterable[tuple[Table, Mapped]], checker_of: Callable[[Mapped], RowChecker], *, after: int = 0
) -> Iterator[Chunk]:
    """This function will check the rows of tables one after the other, each by its own mapping.

    :raises Unreadable: a line further on cannot be read.
    """
    for table, mapped in tables:
        yield from chunks_of_table(table, mapped, checker_of(mapped), after=after)


def rows_as_written(table: Table) -> Iterator[Row]:
    """This function will give a table's rows; of our own file of rejected rows as they first came."""
    if MARKS[0] not in table.headers:
        return iter(table.rows)
    return ((number, _unguarded(cells)) for number, cells in table.rows)


def _unguarded(cells: Sequence[Cell]) -> list[Cell]:
    """Take away the quotation mark by which our file of rejected rows kept a spreadsheet from calculating."""
    return [
        cell[1:] if isinstance(cell, str) and cell[:1] == "'" and cell[1:2] in tuple("=+-@") else cell
        for cell in cells
    ]


def check_cells(
    row: Row, columns: dict[str, int], width: int, mapped: Mapped, checker: RowChecker
) -> Checked:
    """This function will check one row of a table; a refusal names the field as the creditor does.

    :param columns: our fields with their places; `width` is how many columns the table has.
    """
    number, cells = row
    if len(cells) > width and any(cells[width:]):
        return [Reject(number, "", _WIDER)]
    if len(cells) < width and isinstance(cells[0], str) and max(columns.values()) >= len(cells):
        return [Reject(number, "", _NARROWER)]
    checked = checker.check(number, {field: cells[index] for field, index in columns.items()})
    if isinstance(checked, tuple):
        return checked
    return [
        Reject(reject.row, mapped.labels.get(reject.field, reject.field), reject.reason, reject.value)
        for reject in checked
    ]


def read_as(mapped: Mapped) -> str:
    """This function will return a mark of how rows are read: chunks of another mark do not fit."""
    told = json.dumps([STAGED, asdict(mapped)], sort_keys=True, default=dict)
    return hashlib.sha256(told.encode()).hexdigest()


def keep_chunk(unit: Unit, chunk: Chunk, *, creditor_id: UUID, placement_id: UUID, mark: str) -> None:
    """This function will keep a chunk until all of its file is checked."""
    unit.session.connection().execute(
        text(
            "INSERT INTO staged_chunk (creditor_id, placement_id, last_row, rows, read_as, checked,"
            " rejects, findings)"
            " VALUES (:c, :p, :last_row, :rows, :mark, :checked, :rejects, :findings)"
        ),
        {
            "c": creditor_id,
            "p": placement_id,
            "last_row": chunk.last_row,
            "rows": chunk.rows,
            "mark": mark,
            "checked": zlib.compress(chunk.checked, 1),
            "rejects": zlib.compress(chunk.rejects, 1),
            "findings": zlib.compress(chunk.findings, 1),
        },
    )


def kept_so_far(unit: Unit, *, creditor_id: UUID, placement_id: UUID, mark: str) -> tuple[int, int]:
    """This function will return the last row that was kept and how many rows that makes; chunks that were
    read in another way are dropped."""
    kept = {"c": creditor_id, "p": placement_id, "mark": mark}
    connection = unit.session.connection()
    connection.execute(
        text("DELETE FROM staged_chunk WHERE creditor_id = :c AND placement_id = :p AND read_as <> :mark"),
        kept,
    )
    row = connection.execute(
        text(
            "SELECT coalesce(max(last_row), 0), coalesce(sum(rows), 0)::int FROM staged_chunk"
            " WHERE creditor_id = :c AND placement_id = :p"
        ),
        kept,
    ).one()
    return row[0], row[1]


def kept_chunks(unit: Unit, *, creditor_id: UUID, placement_id: UUID) -> Iterator[Chunk]:
    """This function will return the kept chunks in order, one at a time in memory."""
    after = -1
    while True:
        row = (
            unit.session.connection()
            .execute(
                text(
                    "SELECT last_row, rows, checked, rejects, findings FROM staged_chunk"
                    " WHERE creditor_id = :c AND placement_id = :p AND last_row > :after"
                    " ORDER BY last_row LIMIT 1"
                ),
                {"c": creditor_id, "p": placement_id, "after": after},
            )
            .one_or_none()
        )
        if row is None:
            return
        after = row.last_row
        packed = (row.checked, row.rejects, row.findings)
        yield Chunk(row.rows, row.last_row, *(zlib.decompress(part) for part in packed))


def drop_chunks(unit: Unit, *, creditor_id: UUID, placement_id: UUID) -> None:
    """This function will forget the kept chunks: their claims stand, or never will."""
    unit.session.connection().execute(
        text("DELETE FROM staged_chunk WHERE creditor_id = :c AND placement_id = :p"),
        {"c": creditor_id, "p": placement_id},
    )
