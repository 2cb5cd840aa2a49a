"""Writing down trainings and ethics meetings: each correction is a version more, and nothing is deleted."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import BinaryIO, Final
from uuid import UUID

from sqlalchemy.dialects.postgresql import distinct_on
from sqlmodel import col, select

from agency.documents.types import file_type
from agency.documents.upload import DOCUMENT_BYTES_MAX, clean_name
from agency.kernel.audit import record
from agency.kernel.errors import Invalid, NotFound
from agency.kernel.files import open_file, store
from agency.kernel.ids import HOUSE, new_id
from agency.kernel.locks import take_turns
from agency.kernel.unit import Unit
from agency.parties.models import Audience, UserAccount
from agency.ports.providers import FileStore
from agency.privacy.models import KeptRecord
from agency.rules.kept_records import RecordKind

MINUTES_MAX: Final = 60 * 1000


class UnfitRecord(Invalid):
    """A training or a meeting that cannot have been: without people, in the future, without a report."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordFacts:
    """What is written down: `people` are users, `others` names of people who do not sign in, one a line."""

    kind: RecordKind
    held_on: date
    title: str
    minutes_long: int
    people: Sequence[UUID] = ()
    others: str = ""
    report: str = ""


@dataclass(frozen=True, slots=True)
class Evidence:
    """A file that shows it: a certificate, a list of names, the minutes."""

    name: str
    content: bytes


def add_record(unit: Unit, files: FileStore, *, facts: RecordFacts, evidence: Evidence | None = None) -> UUID:
    """This function will write down a training or a meeting and return its series.

    :raises UnfitRecord: it names nobody, lies in the future, or is a meeting without minutes.
    :raises UnacceptableFile: the file is not what it says it is.
    """
    series_id = new_id()
    name, sha256 = _kept(unit, files, evidence)
    _write(unit, series_id, 1, facts, name=name, sha256=sha256, why="", withdrawn=False)
    return series_id


def correct_record(
    unit: Unit,
    files: FileStore,
    *,
    series_id: UUID,
    version: int,
    facts: RecordFacts,
    why: str,
    evidence: Evidence | None = None,
    withdrawn: bool = False,
) -> int:
    """This function will add a version of a record and return its number; the earlier ones stay.

    :param version: the one that was corrected; a colleague may have been quicker.
    :param withdrawn: it was written down by mistake and counts for nothing.
    :raises NotFound: no such record.
    :raises UnfitRecord: as `add_record`, no reason is given, or there is a newer version.
    """
    take_turns(unit, "kept_record", series_id)
    newest = versions_of(unit, series_id=series_id)[0]
    if newest.version != version:
        raise UnfitRecord("somebody else has corrected this meanwhile; look at it again")
    if not why.strip():
        raise UnfitRecord("say why this is corrected", field="why")
    if facts.kind != newest.kind:
        raise UnfitRecord("a training does not become a meeting; withdraw it and add the other", field="kind")
    name, sha256 = _kept(unit, files, evidence) if evidence else (newest.file_name, newest.sha256)
    _write(
        unit, series_id, version + 1, facts, name=name, sha256=sha256, why=why.strip(), withdrawn=withdrawn
    )
    return version + 1


def versions_of(unit: Unit, *, series_id: UUID) -> Sequence[KeptRecord]:
    """This function will return every version of a record, the newest first.

    :raises NotFound: no such record.
    """
    found = unit.session.exec(
        select(KeptRecord)
        .where(KeptRecord.creditor_id == HOUSE, KeptRecord.series_id == series_id)
        .order_by(col(KeptRecord.version).desc())
    ).all()
    if not found:
        raise NotFound("no such record")
    return found


def current_records(unit: Unit, *, withdrawn: bool = False) -> Sequence[KeptRecord]:
    """This function will return the newest version of each record, the latest day first.

    :param withdrawn: also those that were written down by mistake.
    """
    newest = (
        select(KeptRecord)
        .where(KeptRecord.creditor_id == HOUSE)
        .ext(distinct_on(col(KeptRecord.series_id)))
        .order_by(col(KeptRecord.series_id), col(KeptRecord.version).desc())
    )
    rows = [row for row in unit.session.exec(newest) if withdrawn or not row.withdrawn]
    return sorted(rows, key=lambda row: (row.held_on, str(row.series_id)), reverse=True)


def open_evidence(unit: Unit, files: FileStore, *, series_id: UUID, version: int) -> tuple[str, BinaryIO]:
    """This function will open the file of a version and return its name with it; close it.

    :raises NotFound: no such version, or it has no file.
    """
    for row in versions_of(unit, series_id=series_id):
        if row.version == version and row.sha256:
            return row.file_name, open_file(unit, files, creditor_id=HOUSE, sha256=row.sha256)
    raise NotFound("no such file")


def _kept(unit: Unit, files: FileStore, evidence: Evidence | None) -> tuple[str, str | None]:
    if evidence is None:
        return "", None
    if len(evidence.content) > DOCUMENT_BYTES_MAX:
        raise UnfitRecord("the file is larger than 20 MB", field="file")
    found = file_type(evidence.content, name=evidence.name)
    sha256 = store(unit, files, creditor_id=HOUSE, content=evidence.content, media_type=found.media_type)
    return clean_name(evidence.name), sha256


def _write(
    unit: Unit,
    series_id: UUID,
    version: int,
    facts: RecordFacts,
    *,
    name: str,
    sha256: str | None,
    why: str,
    withdrawn: bool,
) -> None:
    _check(unit, facts, has_file=sha256 is not None)
    unit.session.add(
        KeptRecord(
            creditor_id=HOUSE,
            series_id=series_id,
            version=version,
            kind=facts.kind,
            held_on=facts.held_on,
            title=facts.title.strip(),
            minutes_long=facts.minutes_long,
            people=sorted(str(one) for one in set(facts.people)),
            others="\n".join(line.strip() for line in facts.others.splitlines() if line.strip()),
            report=facts.report.strip(),
            file_name=name,
            sha256=sha256,
            withdrawn=withdrawn,
            why=why,
            at=unit.now,
            by=unit.by,
        )
    )
    unit.session.flush()
    action = "withdrawn" if withdrawn else "corrected" if version > 1 else "added"
    record(
        unit,
        action=f"kept_record.{action}",
        subject=f"kept_record:{series_id}",
        creditor_id=HOUSE,
        facts={"version": version, "kind": facts.kind.value, "held_on": facts.held_on},
    )


def _check(unit: Unit, facts: RecordFacts, *, has_file: bool) -> None:
    if not facts.title.strip():
        raise UnfitRecord("say what it was about", field="title")
    if facts.held_on > unit.today:
        raise UnfitRecord("write down what has been, not what will be", field="held_on")
    if not 0 < facts.minutes_long <= MINUTES_MAX:
        raise UnfitRecord("say how long it took, between a minute and 1000 hours", field="hours")
    if not facts.people and not facts.others.strip():
        raise UnfitRecord("say who took part", field="people")
    known = unit.session.exec(
        select(UserAccount.id).where(
            col(UserAccount.id).in_(facts.people), UserAccount.audience == Audience.STAFF
        )
    ).all()
    if set(known) != set(facts.people):
        raise UnfitRecord("somebody among those who took part is not known", field="people")
    if facts.kind is RecordKind.ETHICS_MEETING and not facts.report.strip() and not has_file:
        raise UnfitRecord("give the minutes of the meeting, as text or as a file", field="report")
