"""A dry run: what would become of a file or of claims, row by row, with nothing of it stored."""

import hashlib
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, BinaryIO, Final
from uuid import UUID

from sqlalchemy import text

from agency.intake.mapping import Mapped
from agency.kernel.ports import Ports
from agency.kernel.unit import Unit
from agency.money import Money
from agency.ports.providers import FileNotStored
from portal.placing import place_file

ROWS_SHOWN: Final = 1_000


class InMemory:
    """A file store for a dry run: what is put in is gone when the run ends."""

    def __init__(self) -> None:
        self.kept: dict[str, bytes] = {}

    def put(self, content: bytes) -> str:
        """This function will keep content and return its SHA-256."""
        sha256 = hashlib.sha256(content).hexdigest()
        self.kept[sha256] = content
        return sha256

    def put_file(self, content: BinaryIO) -> str:
        """See `FileStore.put_file`."""
        content.seek(0)
        return self.put(content.read())

    def erase(self, sha256: str) -> None:
        """See `FileStore.erase`."""
        self.kept.pop(sha256, None)

    def get(self, sha256: str) -> bytes:
        """This function will return what was kept.

        :raises FileNotStored: nothing was kept under it.
        """
        if sha256 not in self.kept:
            raise FileNotStored(sha256)
        return self.kept[sha256]

    def open(self, sha256: str) -> BinaryIO:
        """See `FileStore.open`."""
        file = tempfile.TemporaryFile()  # noqa: SIM115 - its caller closes it
        file.write(self.get(sha256))
        file.seek(0)
        return file


@dataclass(frozen=True)
class TriedRow:
    """One row: whether it could be collected, else why not; its price, and what each document would save.

    `why` holds (field, reason, what stood there); `missing` holds (kind of document, fee in basis points with
    it), the most helpful first.
    """

    row: int
    outcome: str
    reference: str
    debtor: str
    amount: Money | None
    fee_bps: int | None
    maximum: Money | None
    why: tuple[tuple[str, str, str], ...]
    missing: tuple[tuple[str, int], ...]

    @property
    def eligible(self) -> bool:
        """Whether the row would be taken."""
        return self.outcome != "rejected"


@dataclass(frozen=True)
class Tried:
    """What would become of a file: how many rows of each outcome, and the first rows one by one.

    :param before: the same file was handed over earlier; then this is what became of it.
    """

    state: str
    refusal: str | None
    before: bool
    counts: dict[str, int]
    claims: int
    principal: Money | None
    fee_bps: int | None
    rows: tuple[TriedRow, ...]


def try_out(
    unit: Unit,
    ports: Ports,
    *,
    creditor_id: UUID,
    name: str,
    content: bytes,
    bytes_max: int,
    mapped: Mapped | None = None,
    rows_shown: int = ROWS_SHOWN,
) -> Tried:
    """This function will take a file all the way to its price, tell what came of it, and take it all back.

    :raises Invalid: the file is empty or too large.
    """
    savepoint = unit.session.begin_nested()
    try:
        placed = place_file(
            unit,
            replace(ports, files=_Over(ports.files)),
            creditor_id=creditor_id,
            name=name,
            content=content,
            bytes_max=bytes_max,
            source="dry run",
            mapped=mapped,
            wait=True,
        )
        return _told(unit, creditor_id, placed.placement_id, before=placed.again, rows_shown=rows_shown)
    finally:
        savepoint.rollback()


class _Over(InMemory):
    """Files that stand already can be read; nothing is written over or beside them."""

    def __init__(self, below: Any) -> None:
        super().__init__()
        self.below = below

    def get(self, sha256: str) -> bytes:
        """See `FileStore.get`."""
        return super().get(sha256) if sha256 in self.kept else bytes(self.below.get(sha256))


_COUNTS: Final = ("rows", "created", "updated", "merged", "rejected", "unchanged")


def _told(unit: Unit, creditor_id: UUID, placement_id: UUID, *, before: bool, rows_shown: int) -> Tried:
    whose = {"c": creditor_id, "p": placement_id}
    head = (
        unit.session.connection()
        .execute(
            text(
                "SELECT p.state, p.refusal, p.rows, p.created, p.updated, p.merged, p.rejected, p.unchanged,"
                " q.claims, q.principal_minor, q.currency, q.fee_bps_average FROM placement p"
                " LEFT JOIN quote q ON q.creditor_id = p.creditor_id AND q.placement_id = p.id"
                "  AND q.state = 'open' WHERE p.creditor_id = :c AND p.id = :p"
            ),
            whose,
        )
        .one()
    )
    return Tried(
        state=head.state,
        refusal=head.refusal,
        before=before,
        counts={name: getattr(head, name) for name in _COUNTS},
        claims=head.claims or 0,
        principal=Money(head.principal_minor, head.currency) if head.claims else None,
        fee_bps=head.fee_bps_average,
        rows=tuple(_rows(unit, whose, rows_shown)),
    )


def _rows(unit: Unit, whose: dict[str, UUID], rows_shown: int) -> Sequence[TriedRow]:
    found = unit.session.connection().execute(
        text(
            "SELECT r.row, r.outcome, c.reference, d.name, c.principal_minor, c.currency, l.fee_bps,"
            " l.facts -> 'maximum_minor' AS maximum, l.facts -> 'cheaper' AS cheaper,"
            " (SELECT jsonb_agg(jsonb_build_array(j.field, j.reason, j.value) ORDER BY j.field)"
            "  FROM placement_reject j WHERE j.creditor_id = r.creditor_id"
            "  AND j.placement_id = r.placement_id AND j.row = r.row) AS why"
            " FROM placement_row r LEFT JOIN claim c ON c.creditor_id = r.creditor_id AND c.id = r.claim_id"
            " LEFT JOIN debtor d ON d.creditor_id = c.creditor_id AND d.id = c.debtor_id"
            " LEFT JOIN quote q ON q.creditor_id = r.creditor_id AND q.state = 'open'"
            "  AND q.placement_id = c.placement_id"
            " LEFT JOIN quote_line l ON l.creditor_id = q.creditor_id AND l.quote_id = q.id"
            "  AND l.claim_id = c.id"
            " WHERE r.creditor_id = :c AND r.placement_id = :p ORDER BY r.row LIMIT :limit"
        ),
        {**whose, "limit": rows_shown},
    )
    return [
        TriedRow(
            row=row.row,
            outcome=row.outcome,
            reference=row.reference or "",
            debtor=row.name or "",
            amount=Money(row.principal_minor, row.currency) if row.currency else None,
            fee_bps=row.fee_bps,
            maximum=Money(row.maximum, row.currency) if row.maximum is not None else None,
            why=tuple((field, reason, value) for field, reason, value in row.why or ()),
            missing=tuple((kind, fee) for kind, fee in row.cheaper or ()),
        )
        for row in found
    ]
