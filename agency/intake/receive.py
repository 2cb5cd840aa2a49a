"""Receiving a file of a creditor, and reading it into claims: whole or not at all."""

import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from sqlmodel import select

from agency.claims.opening import Opened
from agency.documents.upload import IntakeFile, add_from_intake, clean_name
from agency.events import PlacementRead, PlacementReceived
from agency.intake.archive import is_archive
from agency.intake.chunks import Checked, Chunk, check_cells, chunks_of_rows, chunks_of_tables
from agency.intake.content import Content
from agency.intake.importing import Counts, claims_of_rows, import_rows
from agency.intake.invoice_remarks import OWED_BY_CREDITOR, is_owed_by, remarks_on
from agency.intake.mapping import Chosen, Mapped, UnclearColumns, as_mapped, choose_mapping, open_as
from agency.intake.models import ColumnMapping, Placement, PlacementState
from agency.intake.reading import Progress
from agency.intake.rows import Habits, Reject, RowChecker
from agency.intake.supporting import file_supporting
from agency.intake.table import sheets_left_out
from agency.intake.ubl import LENIENT, Evidence, Line, read_invoices
from agency.kernel.emitting import emit
from agency.kernel.errors import Invalid, NotFound
from agency.kernel.files import fetch, store
from agency.kernel.ids import new_id
from agency.kernel.locks import take_turns
from agency.kernel.unit import Unit
from agency.parties.models import Creditor
from agency.ports.providers import FileStore
from agency.ports.readers import EInvoiceReader, Unreadable
from agency.rules.facts import DocumentKind

INLINE_BYTES_MAX: Final = 1_000_000
"""Files up to this size are read while the person waits; larger ones by a job, with progress."""

_MEDIA_TYPES: Final = {
    "table": "text/csv",
    "workbook": "application/vnd.ms-excel",
    "invoices": "application/xml",
}
_READABLE = (PlacementState.RECEIVED, PlacementState.MAPPING, PlacementState.REFUSED)
AfterChunk = Callable[[int], None]


@dataclass(frozen=True)
class Received:
    """A placement, and whether the same file had been received before."""

    placement_id: UUID
    again: bool


def receive(
    unit: Unit,
    files: FileStore,
    *,
    creditor_id: UUID,
    name: str,
    content: bytes,
    bytes_max: int,
    source: str = "upload",
) -> Received:
    """This function will keep a creditor's file as a placement; the same bytes again are the same placement.

    :raises Invalid: the file is empty or too large.
    """
    if not content:
        raise Invalid("the file is empty", field="file")
    if len(content) > bytes_max:
        raise Invalid(f"the file is larger than {bytes_max // 1_000_000} MB", field="file")
    sha256 = hashlib.sha256(content).hexdigest()
    # Two programs that send the same file at once: the second waits, and finds what the first one kept.
    take_turns(unit, "placement", creditor_id, sha256)
    known = unit.session.exec(
        select(Placement.id).where(Placement.creditor_id == creditor_id, Placement.sha256 == sha256)
    ).one_or_none()
    if known is not None:
        return Received(known, again=True)
    media_type = _MEDIA_TYPES[shape_of(content)]
    store(unit, files, creditor_id=creditor_id, content=content, media_type=media_type)
    placement = Placement(
        creditor_id=creditor_id,
        id=new_id(),
        name=clean_name(name),
        sha256=sha256,
        media_type=media_type,
        source=source,
        state=PlacementState.RECEIVED,
        received_at=unit.now,
        received_by=unit.by,
    )
    unit.session.add(placement)
    unit.session.flush()
    emit(unit, PlacementReceived(creditor_id=creditor_id, placement_id=placement.id, name=placement.name))
    return Received(placement.id, again=False)


def shape_of(content: Content) -> str:
    """This function will tell by content whether a file is a "table", a "workbook" or "invoices"."""
    if content[:2] == b"PK":
        return "invoices" if is_archive(content[:]) else "workbook"
    if content[:8] == b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1":
        return "workbook"
    start = content[:64].lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n\x00")
    return "invoices" if start.startswith((b"<", b"%PDF-")) else "table"


def read_placement(
    unit: Unit,
    files: FileStore,
    reader: EInvoiceReader,
    *,
    creditor_id: UUID,
    placement_id: UUID,
    mapped: Mapped | None = None,
    after_chunk: AfterChunk = lambda percent: None,
) -> Opened:
    """This function will read a received file into claims and rejects, once.

    A file that cannot be read is refused as a whole with its reason, unclear columns wait for the
    creditor's mapping, and neither leaves anything behind. Reading a placement that was read changes nothing.

    :raises NotFound: this creditor has no such placement.
    """
    placement = unit.session.exec(
        select(Placement).where(Placement.creditor_id == creditor_id, Placement.id == placement_id)
    ).one_or_none()
    if placement is None:
        raise NotFound("no such placement")
    nothing = Opened(requote=(), credited=())
    if placement.state not in _READABLE:
        return nothing
    content, _ = fetch(unit, files, creditor_id=creditor_id, sha256=placement.sha256)
    reading = _Reading(unit, files, reader, placement, mapped, after_chunk)
    try:
        # What a broken line further on makes void is rolled back to here; the placement itself stays.
        with unit.session.begin_nested():
            counts, opened = reading.run(content)
            if counts.rows == 0:
                raise Unreadable("the file holds no rows")
    except UnclearColumns as unclear:
        placement.state, placement.refusal = PlacementState.MAPPING, unclear.message
        unit.session.flush()
        return nothing
    except Unreadable as refusal:
        placement.state, placement.refusal = PlacementState.REFUSED, refusal.reason
        placement.progress_percent = 100
        unit.session.flush()
        return nothing
    record_reading(unit, placement, counts, opened)
    return opened


def record_reading(unit: Unit, placement: Placement, counts: Counts, opened: Opened) -> None:
    """This function will note on a placement what became of its rows, and tell it."""
    placement.state = PlacementState.READ
    placement.refusal = None
    placement.rows, placement.created, placement.updated = counts.rows, counts.created, counts.updated
    placement.merged, placement.rejected = counts.merged, counts.rejected
    placement.unchanged, placement.progress_percent = counts.unchanged, 100
    unit.session.flush()
    emit(
        unit,
        PlacementRead(
            creditor_id=placement.creditor_id,
            placement_id=placement.id,
            rows=counts.rows,
            created=counts.created,
            updated=counts.updated,
            merged=counts.merged,
            rejected=counts.rejected,
            requote=[str(touched) for touched in opened.requote],
            credited=[str(claim_id) for claim_id in opened.credited],
        ),
    )


class _Reading:
    """One reading of one file: what every shape of file needs."""

    def __init__(
        self,
        unit: Unit,
        files: FileStore,
        reader: EInvoiceReader,
        placement: Placement,
        mapped: Mapped | None,
        after_chunk: AfterChunk,
    ) -> None:
        self.unit = unit
        self.files = files
        self.reader = reader
        self.placement = placement
        self.mapped = mapped
        self.after_chunk = after_chunk
        self.creditor_id = placement.creditor_id
        self.creditor = creditor_of(unit, creditor_id=placement.creditor_id)
        self.habits = Habits(country=self.creditor.country, language=self.creditor.language)
        self.documents: list[Evidence] = []
        self.of_lines: RowChecker | None = None

    def run(self, content: bytes) -> tuple[Counts, Opened]:
        if shape_of(content) == "invoices":
            return self.read_invoices(content)
        chosen = self.choose(content)
        note_choice(self.placement, chosen)
        chunks = chunks_of_tables(chosen.tables(), self.checker)
        return self.import_chunks(chunks, chosen.table.bytes_read, chosen.mapped, chosen.labels)

    def checker(self, mapped: Mapped) -> RowChecker:
        return RowChecker(mapped=mapped, habits=self.habits, today=self.unit.today)

    def choose(self, content: bytes) -> Chosen:
        if self.mapped is not None:
            return open_as(content, self.mapped, self.placement.mapping_id)
        return choose_mapping(self.unit, creditor_id=self.creditor_id, content=content)

    def read_invoices(self, content: bytes) -> tuple[Counts, Opened]:
        evidence: dict[int, tuple[Evidence, ...]] = {}
        progress = Progress(len(content))
        checker = self.checker(Mapped(columns={}))
        chunks = chunks_of_rows(self.checked_invoices(content, checker, evidence, progress), checker)
        counts, opened = self.import_chunks(chunks, progress, checker.mapped, {})
        self.keep_evidence(evidence)
        self.file_documents()
        return counts, opened

    def file_documents(self) -> None:
        """Documents of an archive, once its claims stand that they may prove."""
        for document in self.documents:
            file_supporting(
                self.unit, self.files, creditor_id=self.creditor_id, drop_id=None,
                name=document.name, content=document.content,
            )  # fmt: skip

    def checked_invoices(
        self,
        content: bytes,
        checker: RowChecker,
        evidence: dict[int, tuple[Evidence, ...]],
        progress: Progress,
    ) -> Iterator[tuple[int, Checked]]:
        rows = read_invoices(
            content, name=self.placement.name, reader=self.reader, progress=progress, choose=self.choose
        )
        for invoice in rows:
            if invoice.document is not None:
                self.documents.append(invoice.document)
                continue
            if invoice.refusal:
                yield invoice.row, [Reject(invoice.row, "file", invoice.refusal, invoice.name)]
                continue
            if invoice.line is not None:
                yield invoice.row, self.checked_line(invoice.row, invoice.line, checker)
                continue
            checked = checker.check(invoice.row, invoice.cells)
            if isinstance(checked, list):
                left_out = {reject.field for reject in checked if reject.field in LENIENT}
                kept = {field: cell for field, cell in invoice.cells.items() if field not in left_out}
                checked = checker.check(invoice.row, kept)
            if invoice.invoice is not None and is_owed_by(invoice.invoice, self.creditor):
                checked = [Reject(invoice.row, "file", OWED_BY_CREDITOR, invoice.name)]
            if isinstance(checked, tuple):
                evidence[invoice.row] = invoice.evidence
                if invoice.invoice is not None:
                    checker.add_remarks(invoice.row, remarks_on(invoice.invoice, self.creditor))
            yield invoice.row, checked

    def checked_line(self, row: int, line: Line, checker: RowChecker) -> Checked:
        """A row of a table in an archive, checked as in a file of its own; what is noticed goes along."""
        if self.of_lines is None or self.of_lines.mapped is not line.mapped:
            self.of_lines = self.checker(line.mapped)
        checked = check_cells((row, line.cells), line.columns, line.width, line.mapped, self.of_lines)
        for number, found in self.of_lines.take_remarks():
            checker.add_remarks(number, [found])
        return checked

    def keep_evidence(self, evidence: dict[int, tuple[Evidence, ...]]) -> None:
        claims = claims_of_rows(self.unit, rows=evidence)
        add_from_intake(
            self.unit,
            self.files,
            creditor_id=self.creditor_id,
            evidence=[
                IntakeFile(
                    claim_id=claims[row],
                    kind=DocumentKind.invoice if file.is_invoice else DocumentKind.other,
                    name=file.name,
                    media_type=file.media_type,
                    content=file.content,
                )
                for row, files in evidence.items()
                if row in claims
                for file in files
            ],
        )

    def import_chunks(
        self,
        chunks: Iterator[Chunk],
        progress: Progress,
        mapped: Mapped,
        labels: Mapping[str, Mapping[str, str]],
    ) -> tuple[Counts, Opened]:
        return import_rows(
            self.unit,
            creditor_id=self.creditor_id,
            placement_id=self.placement.id,
            chunks=chunks,
            one_claim_per=mapped.one_claim_per,
            added_up=mapped.repeats == "added",
            worked_out=mapped.works_out_numbers,
            labels=labels,
            after_chunk=lambda _: self.after_chunk(progress.percent),
        )


def note_choice(placement: Placement, chosen: Chosen) -> None:
    """This function will note by which mapping a placement is read, and the sheets that its rows name."""
    placement.mapping_id = chosen.mapping_id
    several = sheets_left_out(chosen.mapped.sheet) is not None
    placement.sheets = list(chosen.table.sheets) if several else []


def habits_of(unit: Unit, *, creditor_id: UUID) -> Habits:
    """This function will return what is true of a creditor's claims where its files are silent."""
    creditor = creditor_of(unit, creditor_id=creditor_id)
    return Habits(country=creditor.country, language=creditor.language)


def creditor_of(unit: Unit, *, creditor_id: UUID) -> Creditor:
    """This function will return the creditor whose file is read."""
    return unit.session.exec(select(Creditor).where(Creditor.id == creditor_id)).one()


def saved_mapping(unit: Unit, *, creditor_id: UUID, mapping_id: UUID) -> Mapped:
    """This function will return a creditor's saved mapping.

    :raises NotFound: this creditor has no such mapping.
    """
    mapping = unit.session.exec(
        select(ColumnMapping).where(ColumnMapping.creditor_id == creditor_id, ColumnMapping.id == mapping_id)
    ).one_or_none()
    if mapping is None:
        raise NotFound("no such mapping")
    return as_mapped(mapping)
