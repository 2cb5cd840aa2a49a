"""Reading a large file in parts that are each committed: it shows how far it is, can be cancelled, and goes
on where it was killed. Its claims appear all at once, at the end, or not at all.
"""

from dataclasses import dataclass
from datetime import date
from typing import Final
from uuid import UUID

from sqlalchemy import text
from sqlmodel import select

from agency.claims.opening import Opened
from agency.events import PlacementReceived
from agency.intake.chunks import (
    Chunk,
    chunks_of_tables,
    drop_chunks,
    keep_chunk,
    kept_chunks,
    kept_so_far,
    read_as,
)
from agency.intake.content import Content, lay
from agency.intake.importing import import_rows
from agency.intake.mapping import Chosen, Mapped, UnclearColumns, choose_mapping, open_as
from agency.intake.models import Placement, PlacementState
from agency.intake.receive import (
    habits_of,
    note_choice,
    read_placement,
    record_reading,
    saved_mapping,
    shape_of,
)
from agency.intake.rows import Habits, RowChecker
from agency.kernel.emitting import nudge
from agency.kernel.errors import Conflict, NotFound
from agency.kernel.files import open_file
from agency.kernel.outbox import renew_lease
from agency.kernel.ports import Ports
from agency.kernel.unit import Door, Unit, Units
from agency.ports.readers import Unreadable

CHUNK_SECONDS: Final = 120
"""A part takes seconds; a worker that is silent for so long is dead, and another goes on."""
BYTES_PER_SECOND: Final = 100_000
OPENING_ROWS_PER_SECOND: Final = 300
"""The slowest machine reads so many bytes of e-invoices, and opens so many claims; leases go by it."""

_BY: Final = "system:intake"


class ReadingCancelled(Conflict):
    """The creditor cancelled while the file was read; nothing of it stays."""


@dataclass(frozen=True)
class _Begun:
    """What every part needs: the file with its rows to come, how they are read, and from where."""

    chosen: Chosen
    habits: Habits
    today: date
    mark: str
    after: int
    rows: int

    def checker(self, mapped: Mapped) -> RowChecker:
        """What checks the rows that are read by a mapping."""
        return RowChecker(mapped=mapped, habits=self.habits, today=self.today)


class BulkReading:
    """One reading of one large file."""

    def __init__(self, units: Units, ports: Ports, *, creditor_id: UUID, placement_id: UUID) -> None:
        self.units = units
        self.ports = ports
        self.creditor_id = creditor_id
        self.placement_id = placement_id

    def run(self) -> Opened:
        """This function will read the file to its end, from wherever an earlier run came.

        A file that cannot be read is refused as a whole, unclear columns wait for their meaning; a cancelled
        one leaves nothing.
        """
        nothing = Opened(requote=(), credited=())
        try:
            content = self._fetch()
            if content is None:
                return nothing
            if shape_of(content) == "invoices":
                return self._read_whole()
            begun = self._begin(content)
            self._keep_chunks(begun)
            return self._open(begun)
        except UnclearColumns as unclear:
            self._end(PlacementState.MAPPING, unclear.message, percent=0)
        except Unreadable as refusal:
            self._end(PlacementState.REFUSED, refusal.reason, percent=100)
        except ReadingCancelled:
            self._end(PlacementState.CANCELLED, None, percent=0)
        return nothing

    def _fetch(self) -> Content | None:
        with self.units.open(Door.WORKER, by=_BY) as unit:
            placement = self._placement(unit)
            if placement.state not in (PlacementState.RECEIVED, PlacementState.READING):
                return None
            files, sha256 = self.ports.files, placement.sha256
            with open_file(unit, files, creditor_id=self.creditor_id, sha256=sha256) as file:
                content = lay(file)
            renew_lease(unit, seconds=CHUNK_SECONDS + len(content) // BYTES_PER_SECOND)
            return content

    def _begin(self, content: Content) -> _Begun:
        with self.units.open(Door.WORKER, by=_BY) as unit:
            placement = self._placement(unit)
            chosen = self._choose(unit, placement, content)
            note_choice(placement, chosen)
            placement.state = PlacementState.READING
            placement.reading_since = placement.reading_since or unit.now
            unit.session.flush()
            habits = habits_of(unit, creditor_id=self.creditor_id)
            mark = read_as(chosen.mapped)
            after, rows = kept_so_far(unit, **self._whose, mark=mark)
            return _Begun(chosen, habits, unit.today, mark, after, rows)

    def _choose(self, unit: Unit, placement: Placement, content: Content) -> Chosen:
        """What was chosen when the reading began stays chosen when it goes on."""
        if placement.mapping_id is not None:
            mapped = saved_mapping(unit, creditor_id=self.creditor_id, mapping_id=placement.mapping_id)
            return open_as(content, mapped, placement.mapping_id)
        return choose_mapping(unit, creditor_id=self.creditor_id, content=content)

    def _read_whole(self) -> Opened:
        """E-invoices carry their files with them and are read in one transaction."""
        with self.units.open(Door.WORKER, by=_BY) as unit:
            return read_placement(
                unit,
                self.ports.files,
                self.ports.read_einvoice,
                creditor_id=self.creditor_id,
                placement_id=self.placement_id,
                after_chunk=self._note_percent,
            )

    def _note_percent(self, percent: int) -> None:
        with self.units.open(Door.WORKER, by=_BY) as unit:
            self._note(unit, percent=percent, rows=0)

    def _keep_chunks(self, begun: _Begun) -> None:
        rows, progress = begun.rows, begun.chosen.table.bytes_read
        for chunk in chunks_of_tables(begun.chosen.tables(), begun.checker, after=begun.after):
            rows += chunk.rows
            self._keep(chunk, begun.mark, rows, progress.percent)
        if not rows:
            raise Unreadable("the file holds no rows")

    def _keep(self, chunk: Chunk, mark: str, rows: int, percent: int) -> None:
        with self.units.open(Door.WORKER, by=_BY) as unit:
            renew_lease(unit, seconds=CHUNK_SECONDS)
            self._note(unit, percent=percent, rows=rows)
            keep_chunk(unit, chunk, **self._whose, mark=mark)

    def _note(self, unit: Unit, *, percent: int, rows: int) -> None:
        """Checking is nine tenths of what the creditor sees; the rest is opening the claims."""
        noted = unit.session.connection().execute(
            text(
                "UPDATE placement SET progress_percent = greatest(progress_percent, :percent),"
                " read_rows = greatest(read_rows, :rows)"
                " WHERE creditor_id = :c AND id = :p AND state IN ('received', 'reading')"
            ),
            {"c": self.creditor_id, "p": self.placement_id, "percent": percent * 9 // 10, "rows": rows},
        )
        if noted.rowcount != 1:
            raise ReadingCancelled("this reading was cancelled")
        nudge(
            unit, [PlacementReceived(creditor_id=self.creditor_id, placement_id=self.placement_id, name="")]
        )

    def _open(self, begun: _Begun) -> Opened:
        with self.units.open(Door.WORKER, by=_BY) as unit:
            _, rows = kept_so_far(unit, **self._whose, mark=begun.mark)
            renew_lease(unit, seconds=CHUNK_SECONDS + rows // OPENING_ROWS_PER_SECOND)
        with self.units.open(Door.WORKER, by=_BY) as unit:
            unit.allow_long_statements()
            counts, opened = import_rows(
                unit,
                creditor_id=self.creditor_id,
                placement_id=self.placement_id,
                chunks=kept_chunks(unit, **self._whose),
                one_claim_per=begun.chosen.mapped.one_claim_per,
                added_up=begun.chosen.mapped.repeats == "added",
                worked_out=begun.chosen.mapped.works_out_numbers,
                labels=begun.chosen.labels,
            )
            drop_chunks(unit, **self._whose)
            placement = self._placement(unit, lock=True)
            if placement.state != PlacementState.READING:
                raise ReadingCancelled("this reading was cancelled")
            record_reading(unit, placement, counts, opened)
        return opened

    def _end(self, state: PlacementState, refusal: str | None, *, percent: int) -> None:
        with self.units.open(Door.WORKER, by=_BY) as unit:
            drop_chunks(unit, **self._whose)
            placement = self._placement(unit, lock=True)
            if placement.state != PlacementState.CANCELLED:
                placement.state, placement.refusal = state, refusal
            placement.progress_percent, placement.read_rows = percent, 0
            unit.session.flush()
            nudge(
                unit,
                [PlacementReceived(creditor_id=self.creditor_id, placement_id=self.placement_id, name="")],
            )

    def _placement(self, unit: Unit, *, lock: bool = False) -> Placement:
        asked = select(Placement).where(
            Placement.creditor_id == self.creditor_id, Placement.id == self.placement_id
        )
        found = unit.session.exec(asked.with_for_update() if lock else asked).one_or_none()
        if found is None:
            raise NotFound("no such placement")
        return found

    @property
    def _whose(self) -> dict[str, UUID]:
        return {"creditor_id": self.creditor_id, "placement_id": self.placement_id}


def cancel_reading(unit: Unit, *, creditor_id: UUID, placement_id: UUID) -> None:
    """This function will stop the reading of a file; claims that were not opened yet never will be.

    :raises Conflict: it is not being read (any more).
    """
    cancelled = unit.session.connection().execute(
        text(
            "UPDATE placement SET state = 'cancelled', progress_percent = 0"
            " WHERE creditor_id = :c AND id = :p AND state IN ('received', 'reading', 'mapping')"
        ),
        {"c": creditor_id, "p": placement_id},
    )
    if cancelled.rowcount != 1:
        raise Conflict("this file is not being read any more")
    nudge(unit, [PlacementReceived(creditor_id=creditor_id, placement_id=placement_id, name="")])
