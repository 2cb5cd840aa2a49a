"""Letters that the mail room scans come in by a folder: taken in once, then moved to `taken` or `refused`.

A file is taken in and committed before it is moved, and known by its content: whoever dies in between, the
next round finds it known and only moves it. What is still being written is left alone until it was quiet.
"""

import os
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from agency.communication.inbound.models import Inbound, InboundState
from agency.communication.inbound.scanning import take_scan
from agency.documents.sandbox import read
from agency.documents.upload import DOCUMENT_BYTES_MAX
from agency.kernel.errors import Invalid
from agency.kernel.ids import HOUSE
from agency.kernel.unit import Door, Units
from agency.ports.providers import FileStore
from agency.rules.reading import ReadState

TAKEN: Final = "taken"
REFUSED: Final = "refused"
QUIET_SECONDS: Final = 10
# Names under which scanners and copying programs write what is not whole yet.
_HALF_WRITTEN: Final = (".part", ".partial", ".tmp", ".filepart", ".crdownload", ".writing")
_UNREADABLE: Final = {
    ReadState.broken: "the file is broken: no reader opens it",
    ReadState.password: "the file opens only with a password",
    ReadState.too_heavy: "the file takes more time or memory than any scan does",
    ReadState.blank: "every page is blank",
}
_BY: Final = "system:scans"


class NoScanFolder(Invalid):
    """The folder of scans is not there, or may not be read or written."""


@dataclass(frozen=True, slots=True)
class RefusedScan:
    """A file that was moved aside, and why."""

    name: str
    why: str


@dataclass(slots=True)
class ScanReport:
    """What one round came to. `threaded` found their claim, `waiting` wait for a person to find it, `known`
    were here already, `left_alone` are still being written, `stuck` could not be moved and come again."""

    threaded: int = 0
    waiting: int = 0
    known: int = 0
    left_alone: int = 0
    refused: list[RefusedScan] = field(default_factory=list)
    stuck: list[RefusedScan] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """Return the report as plain JSON values."""
        return asdict(self)


def take_folder(
    units: Units,
    files: FileStore,
    folder: Path,
    *,
    tell: Callable[[int, int, str], None] = lambda done, total, name: None,
    quiet_seconds: int = QUIET_SECONDS,
) -> ScanReport:
    """This function will take every whole file of a folder in, each in a transaction of its own.

    :param tell: called before each file with how many are done, of how many, and its name.
    :raises NoScanFolder: see the exception.
    """
    report = ScanReport()
    try:
        whole = list(_whole_files(folder, report, quiet_seconds))
        for aside in (TAKEN, REFUSED):
            (folder / aside).mkdir(exist_ok=True)
    except OSError as error:
        raise NoScanFolder(f"the folder of scans cannot be used: {error.strerror or error}") from error
    for done, path in enumerate(whole):
        tell(done, len(whole), path.name)
        try:
            _take(units, files, folder, path, report)
        except FileNotFoundError:
            report.known += 1  # another round has moved it meanwhile
        except OSError as error:
            report.stuck.append(RefusedScan(path.name, error.strerror or str(error)))
    return report


def _whole_files(folder: Path, report: ScanReport, quiet_seconds: int) -> Iterator[Path]:
    now = time.time()
    for entry in sorted(os.scandir(folder), key=lambda entry: entry.name):
        # A link could point anywhere on this machine.
        if entry.name.startswith(".") or not entry.is_file(follow_symlinks=False):
            continue
        written_at = entry.stat(follow_symlinks=False).st_mtime
        if entry.name.lower().endswith(_HALF_WRITTEN) or now - written_at < quiet_seconds:
            report.left_alone += 1
            continue
        yield Path(entry.path)


def _take(units: Units, files: FileStore, folder: Path, path: Path, report: ScanReport) -> None:
    before = path.stat()
    with path.open("rb") as opened:
        content = opened.read(DOCUMENT_BYTES_MAX + 1)
    after = path.stat()
    if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
        report.left_alone += 1
        return
    try:
        inbound_id, state = _take_in(units, files, path.name, content)
    except Invalid as refusal:
        _refuse(folder, path, refusal.message)
        report.refused.append(RefusedScan(path.name, refusal.message))
        return
    _move(path, folder / TAKEN)
    if inbound_id is None:
        report.known += 1
    elif state is InboundState.QUARANTINED:
        report.waiting += 1
    else:
        report.threaded += 1


def _take_in(
    units: Units, files: FileStore, name: str, content: bytes
) -> tuple[UUID | None, InboundState | None]:
    """Take one scan in.

    :raises Invalid: it is no scan, or nobody could read it.
    """
    if content.startswith(b"%PDF"):
        state = read(content, media_type="application/pdf").state
        if state in _UNREADABLE:
            raise Invalid(_UNREADABLE[state], field="file")
    with units.open(Door.WORKER, by=_BY) as unit:
        inbound_id = take_scan(unit, files, name=name, content=content)
        found = unit.session.get(Inbound, (HOUSE, inbound_id)) if inbound_id else None
        return inbound_id, found.state if found else None


def _refuse(folder: Path, path: Path, why: str) -> None:
    """Move a file aside with its reason in a file beside it; the reason first, so that none lacks it."""
    place = _free(folder / REFUSED / path.name)
    place.with_name(f"{place.name}.reason.txt").write_text(f"{path.name}: {why}\n", encoding="utf-8")
    path.rename(place)


def _move(path: Path, folder: Path) -> None:
    path.rename(_free(folder / path.name))


def _free(wish: Path) -> Path:
    """A name that is not taken yet: a scanner begins anew with 0001 each day."""
    place, number = wish, 1
    while place.exists():
        number += 1
        place = wish.with_name(f"{wish.stem}-{number}{wish.suffix}")
    return place
