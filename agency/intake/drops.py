"""Files dropped together: each recognised as it arrives, what makes claims handed over as one placement.

What became of a file is read from its placement, never copied, so that it cannot disagree with the books.
"""

import io
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from sqlmodel import col, func, select

from agency.documents.types import suggest_kind
from agency.documents.upload import clean_name
from agency.events import PlacementRead
from agency.intake.archive import Packed, unpack
from agency.intake.mails import attached
from agency.intake.mapping import UnclearColumns, choose_mapping
from agency.intake.models import Drop, DroppedFile, DroppedState
from agency.intake.receive import INLINE_BYTES_MAX
from agency.intake.sorting import FileKind, kind_of
from agency.intake.supporting import file_supporting
from agency.kernel.errors import AgencyError, Invalid, NotFound
from agency.kernel.files import fetch, store
from agency.kernel.ids import new_id
from agency.kernel.ports import installed_ports
from agency.kernel.unit import Unit
from agency.ports.providers import FileStore
from agency.ports.readers import EInvoiceReader, NoInvoice, NotSure, Scan, Unreadable
from agency.rules.facts import DocumentKind

FILES_MAX: Final = 5_000
KEY_MAX: Final = 80
NOT_READ: Final = "this kind of file is not read"
SCANNED: Final = "a scanned invoice without text; type over what it says"
_OF_AN_INVOICE: Final = ("number", "issue_date", "payable", "buyer_name")
EMPTY: Final = "the file is empty"
_FIXED_MOMENT: Final = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True)
class Bundle:
    """Files of a drop that are handed over together: one as it is, or several as one archive."""

    name: str
    content: bytes
    files: tuple[DroppedFile, ...]


def start_drop(unit: Unit, *, creditor_id: UUID) -> UUID:
    """This function will begin a drop to which files can be added."""
    drop = Drop(creditor_id=creditor_id, id=new_id(), started_at=unit.now, started_by=unit.by)
    unit.session.add(drop)
    unit.session.flush()
    return drop.id


def find_drop(unit: Unit, *, creditor_id: UUID, drop_id: UUID, lock: bool = False) -> Drop:
    """This function will return a creditor's drop.

    :param lock: wait until nobody else works on it.
    :raises NotFound: this creditor has no such drop.
    """
    wanted = select(Drop).where(Drop.creditor_id == creditor_id, Drop.id == drop_id)
    drop = unit.session.exec(wanted.with_for_update() if lock else wanted).one_or_none()
    if drop is None:
        raise NotFound("no such drop")
    return drop


def files_of(unit: Unit, *, creditor_id: UUID, drop_id: UUID) -> Sequence[DroppedFile]:
    """This function will return the files of a drop in the order in which they came."""
    return unit.session.exec(
        select(DroppedFile)
        .where(DroppedFile.creditor_id == creditor_id, DroppedFile.drop_id == drop_id)
        .order_by(col(DroppedFile.id))
    ).all()


def dropped_file(unit: Unit, *, creditor_id: UUID, drop_id: UUID, file_id: UUID) -> DroppedFile:
    """This function will return one file of a drop.

    :raises NotFound: this drop has no such file.
    """
    found = unit.session.exec(
        select(DroppedFile).where(
            DroppedFile.creditor_id == creditor_id,
            DroppedFile.drop_id == drop_id,
            DroppedFile.id == file_id,
        )
    ).one_or_none()
    if found is None:
        raise NotFound("no such file in this drop")
    return found


def add_to_drop(
    unit: Unit,
    files: FileStore,
    reader: EInvoiceReader,
    *,
    creditor_id: UUID,
    drop_id: UUID,
    key: str,
    name: str,
    content: bytes,
    bytes_max: int,
) -> list[DroppedFile]:
    """This function will keep a file of a drop and tell what it is; of an archive, each file in it.

    :param key: the sender's own mark of the file; the same one again changes nothing.
    :raises Invalid: no key, too many files, or larger than is allowed.
    :raises NotFound: this creditor has no such drop.
    """
    find_drop(unit, creditor_id=creditor_id, drop_id=drop_id, lock=True)
    if not 0 < len(key) <= KEY_MAX or not key.isprintable():
        raise Invalid("the file has no key", field="key")
    if len(content) > bytes_max:
        raise Invalid(f"the file is larger than {bytes_max // 1_000_000} MB", field="file")
    again = _sent_before(unit, creditor_id=creditor_id, drop_id=drop_id, key=key)
    if again:
        return list(again)
    present = _count(unit, creditor_id=creditor_id, drop_id=drop_id)
    added = []
    for number, (packed, within) in enumerate(_opened(content, name)):
        if present + number >= FILES_MAX:
            raise Invalid(f"more than {FILES_MAX:,} files at once", field="file")
        own = key if not within else f"{key}/{number}"
        file = DroppedFile(
            creditor_id=creditor_id,
            id=new_id(),
            drop_id=drop_id,
            key=own,
            name=clean_name(packed.name),
            within=within,
            size=len(packed.content),
            sha256="",
            kind=FileKind.UNKNOWN,
            received_at=unit.now,
        )
        _recognise(unit, files, reader, file, packed)
        unit.session.add(file)
        added.append(file)
    unit.session.flush()
    return added


def _sent_before(unit: Unit, *, creditor_id: UUID, drop_id: UUID, key: str) -> Sequence[DroppedFile]:
    """What an earlier sending of the same file became, of an archive each file in it."""
    own = col(DroppedFile.key)
    return unit.session.exec(
        select(DroppedFile)
        .where(DroppedFile.creditor_id == creditor_id, DroppedFile.drop_id == drop_id)
        .where((own == key) | own.startswith(f"{key}/", autoescape=True))
        .order_by(col(DroppedFile.id))
    ).all()


def _count(unit: Unit, *, creditor_id: UUID, drop_id: UUID) -> int:
    return unit.session.exec(
        select(func.count()).where(DroppedFile.creditor_id == creditor_id, DroppedFile.drop_id == drop_id)
    ).one()


def _opened(content: bytes, name: str) -> Iterator[tuple[Packed, str]]:
    """A file as it is, a mail with what is attached to it; an archive as the files in it, each with the
    archive's name."""
    if not content:
        yield Packed(name, refusal=EMPTY), ""
        return
    try:
        if kind_of(content) != FileKind.ARCHIVE:
            yield Packed(name, content), ""
            yield from ((file, clean_name(name)) for file in attached(content, name))
            return
        packed = list(unpack(content))
    except Unreadable as refusal:
        yield Packed(name, refusal=refusal.reason), ""
        return
    yield from ((file, clean_name(name)) for file in packed)


def _recognise(
    unit: Unit, files: FileStore, reader: EInvoiceReader, file: DroppedFile, packed: Packed
) -> None:
    try:
        if packed.refusal:
            raise Unreadable(packed.refusal)
        if not packed.content:
            raise Unreadable(EMPTY)
        file.kind = kind_of(packed.content)
        if file.kind in (FileKind.UNKNOWN, FileKind.ARCHIVE):
            raise Unreadable(NOT_READ)
        file.sha256 = store(
            unit,
            files,
            creditor_id=file.creditor_id,
            content=packed.content,
            media_type="application/octet-stream",
        )
        if file.kind == FileKind.INVOICE:
            _look_at_invoice(reader, file, packed.content)
        elif file.kind == FileKind.TABLE:
            _look_at_table(unit, file, packed.content)
    except Unreadable as refusal:
        file.state, file.question = DroppedState.REFUSED, refusal.reason


def _look_at_invoice(reader: EInvoiceReader, file: DroppedFile, content: bytes) -> None:
    try:
        invoice = reader(content, file.name)
    except NoInvoice:
        file.kind = FileKind.DOCUMENT
        return
    except Scan:
        _ask_about_scan(file)
        return
    except NotSure as doubt:
        file.state, file.question = DroppedState.QUESTION, doubt.reason
        file.facts = {
            "unsure": list(doubt.unsure),
            "values": {
                name: {"value": v.value, "page": v.page, "box": list(v.box), "confidence": v.confidence}
                for name, v in doubt.values.items()
            },
        }
        return
    file.facts = {
        "number": invoice.number,
        "minor": invoice.payable.minor,
        "currency": invoice.currency,
        "buyer": invoice.buyer.legal_name or invoice.buyer.name or "",
    }


def _ask_about_scan(file: DroppedFile) -> None:
    """A scan is never refused for want of text: called an invoice, a person reads it off its picture; else it
    is evidence like a photograph."""
    if suggest_kind(file.name) != DocumentKind.invoice:
        file.kind = FileKind.DOCUMENT
        return
    file.state, file.question = DroppedState.QUESTION, SCANNED
    file.facts = {"unsure": list(_OF_AN_INVOICE), "values": {}}


def _look_at_table(unit: Unit, file: DroppedFile, content: bytes) -> None:
    """Count its rows; one whose columns are unclear or that is long is a placement of its own."""
    alone = len(content) > INLINE_BYTES_MAX
    try:
        chosen = choose_mapping(unit, creditor_id=file.creditor_id, content=content)
    except UnclearColumns:
        file.facts = {"alone": True}
        return
    own_way = chosen.mapped.one_claim_per == "debtor" or chosen.mapped.repeats == "added"
    alone = alone or bool(chosen.apart) or own_way
    file.facts = {"alone": True} if alone else {"rows": sum(1 for _ in chosen.table.rows)}


def cancel_file(unit: Unit, *, creditor_id: UUID, drop_id: UUID, file_id: UUID) -> None:
    """This function will leave a file out that was not handed over yet.

    :raises Invalid: it was handed over already.
    :raises NotFound: this drop has no such file.
    """
    find_drop(unit, creditor_id=creditor_id, drop_id=drop_id, lock=True)
    file = dropped_file(unit, creditor_id=creditor_id, drop_id=drop_id, file_id=file_id)
    if file.placement_id is not None or file.state in (DroppedState.CLAIM, DroppedState.DOCUMENT):
        raise Invalid("this file was handed over already")
    file.state = DroppedState.CANCELLED
    unit.session.flush()


def bundles(unit: Unit, files: FileStore, *, creditor_id: UUID, drop_id: UUID, name: str) -> list[Bundle]:
    """This function will return what of a drop is to be handed over now, with the row of each file noted.

    All that makes claims goes together; the same files make the same bytes, so that the same drop twice is
    the same placement. A table that must be alone is alone.
    """
    waiting = [
        file
        for file in files_of(unit, creditor_id=creditor_id, drop_id=drop_id)
        if file.state == DroppedState.WAITING
        and file.placement_id is None
        and file.kind in (FileKind.INVOICE, FileKind.TABLE)
    ]

    def content_of(file: DroppedFile) -> bytes:
        return fetch(unit, files, creditor_id=creditor_id, sha256=file.sha256)[0]

    alone = [Bundle(file.name, content_of(file), (file,)) for file in waiting if file.facts.get("alone")]
    together = sorted(
        (file for file in waiting if not file.facts.get("alone")),
        key=lambda file: (file.kind != FileKind.INVOICE, file.sha256, file.name),
    )
    if not together:
        return alone
    different = _note_rows(together)
    if len(different) == 1:
        return [Bundle(different[0].name, content_of(different[0]), tuple(together)), *alone]
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for file in different:
            archive.writestr(zipfile.ZipInfo(file.name, _FIXED_MOMENT), content_of(file))
    return [Bundle(name, packed.getvalue(), tuple(together)), *alone]


def _note_rows(together: Sequence[DroppedFile]) -> list[DroppedFile]:
    """Number the rows that each file will have; the same content twice has the rows of its first."""
    first_of: dict[str, dict[str, Any]] = {}
    different = []
    row = 0
    for file in together:
        if file.sha256 not in first_of:
            count = file.facts.get("rows", 1)
            first_of[file.sha256] = {"first": row + 1, "last": row + count}
            row += count
            different.append(file)
        file.facts = {**file.facts, **first_of[file.sha256]}
    # A table by itself keeps the numbers of its own rows.
    if len(different) == 1 and different[0].kind == FileKind.TABLE:
        for file in together:
            file.facts = {name: value for name, value in file.facts.items() if name not in ("first", "last")}
    return different


def file_documents(unit: Unit, files: FileStore, *, creditor_id: UUID, drop_id: UUID) -> int:
    """This function will file the documents of a drop with the claims that they prove.

    One that finds no claim yet stays a question and is tried again whenever claims of the drop were read.

    :return: how many were filed now.
    """
    filed = 0
    for file in files_of(unit, creditor_id=creditor_id, drop_id=drop_id):
        if file.kind != FileKind.DOCUMENT or file.state not in (DroppedState.WAITING, DroppedState.QUESTION):
            continue
        content, _ = fetch(unit, files, creditor_id=creditor_id, sha256=file.sha256)
        try:
            with unit.session.begin_nested():
                found = file_supporting(
                    unit, files, creditor_id=creditor_id, drop_id=drop_id, name=file.name, content=content
                )
        except AgencyError as refusal:
            file.state, file.question = DroppedState.REFUSED, refusal.message
            continue
        file.claim_id, file.question = found.claim_id, found.question
        file.state = DroppedState.DOCUMENT if found.claim_id else DroppedState.QUESTION
        filed += found.claim_id is not None
    unit.session.flush()
    return filed


def file_when_read(unit: Unit, event: PlacementRead) -> None:
    """This function will try the documents of a drop again, now that its claims stand."""
    drops = unit.session.exec(
        select(DroppedFile.drop_id)
        .where(DroppedFile.creditor_id == event.creditor_id, DroppedFile.placement_id == event.placement_id)
        .distinct()
    ).all()
    for drop_id in drops:
        file_documents(unit, installed_ports().files, creditor_id=event.creditor_id, drop_id=drop_id)
