"""Asking for an export, following it, cancelling it and taking it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, BinaryIO, Final
from uuid import UUID

from sqlalchemy import text
from sqlmodel import col, select

from agency.events import InspectionExportChanged
from agency.kernel.audit import record
from agency.kernel.emitting import nudge
from agency.kernel.errors import Conflict, Invalid, NotFound
from agency.kernel.ids import HOUSE
from agency.kernel.unit import AGENCY_ZONE, Unit
from agency.ports.providers import FileStore
from agency.privacy.models import ExportState, InspectionExport
from agency.rules.kept_records import Authority, export_limits
from agency.rules.words import LANGUAGES

OPEN: Final = (ExportState.WAITING, ExportState.RUNNING)
REASON_MIN: Final = 10
AHEAD_DAYS_MAX: Final = 366
"""How far ahead a period may end: a whole year may be asked for while it runs."""
# Of which claims an export without numbers is: those of the country's law that were open in its period.
_IN_PERIOD: Final = (
    "c.law = :law AND c.created_at < :until AND (c.closed_at IS NULL OR c.closed_at >= :since)"
    " AND c.state NOT IN ('new', 'quoted')"
)
_CHOOSE: Final = (
    "INSERT INTO inspection_export_claim (export_id, place, creditor_id, claim_id, size)"
    " SELECT :id, row_number() OVER (ORDER BY c.number, c.creditor_id, c.id), c.creditor_id, c.id, 0"
    " FROM claim c WHERE {which}{theirs}"
)
_UNKNOWN: Final = (
    "SELECT w.number FROM unnest(CAST(:numbers AS text[])) WITH ORDINALITY AS w(number, place)"
    " WHERE NOT EXISTS (SELECT FROM claim c WHERE c.number = w.number{theirs}) ORDER BY w.place"
)
_COUNTED: Final = "SELECT count(*) FROM claim c WHERE {which}{theirs}"


class UnfitExport(Invalid):
    """An export that cannot be made as it was asked for."""


class ExportNotReady(Conflict):
    """It is still being made, was cancelled, or has been erased."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What an inspector wants to see. No creditors: of all; no numbers: every claim in the period.

    `claims` of a person make it his own copy (GDPR art. 15): of these claims and no others, and only what is
    about him.
    """

    authority: Authority
    language: str
    first_day: date
    last_day: date
    reason: str
    creditors: Sequence[UUID] = ()
    numbers: Sequence[str] = ()
    claims: Sequence[UUID] = ()


def ask_export(unit: Unit, *, wish: Wish) -> UUID:
    """This function will fix which claims an export is of and return it; the caller has it written by a job.

    :raises UnfitExport: a language, a period or a reason that cannot be; a number that no claim has; too many
        claims.
    """
    _check(unit, wish)
    export = InspectionExport(
        authority=wish.authority,
        language=wish.language,
        first_day=wish.first_day,
        last_day=wish.last_day,
        creditors=sorted(str(one) for one in set(wish.creditors)),
        numbers=sorted(set(wish.numbers)),
        reason=wish.reason.strip(),
        for_person=bool(wish.claims),
        as_of=unit.now,
        asked_by=unit.by,
    )
    unit.session.add(export)
    unit.session.flush()
    statement, values = _chosen(_CHOOSE, wish)
    chosen = unit.session.connection().execute(statement, {**values, "id": export.id})
    export.claims = chosen.rowcount
    unit.session.flush()
    record(
        unit,
        action="inspection_export.asked",
        subject=f"inspection_export:{export.id}",
        creditor_id=HOUSE,
        facts={
            "authority": wish.authority.value, "first_day": wish.first_day, "last_day": wish.last_day,
            "claims": export.claims, "creditors": export.creditors, "reason": export.reason,
        },
    )  # fmt: skip
    return export.id


def exports(unit: Unit, *, limit: int = 50) -> Sequence[InspectionExport]:
    """This function will return the exports, the latest first."""
    newest = (col(InspectionExport.as_of).desc(), col(InspectionExport.id).desc())
    return unit.session.exec(select(InspectionExport).order_by(*newest).limit(limit)).all()


def export_of(unit: Unit, *, export_id: UUID) -> InspectionExport:
    """This function will return one export as it stands now.

    :raises NotFound: there is no such export.
    """
    found = unit.session.get(InspectionExport, export_id, populate_existing=True)
    if found is None:
        raise NotFound("no such export")
    return found


def cancel_export(unit: Unit, *, export_id: UUID) -> None:
    """This function will stop an export that is not finished; a finished one stays.

    :raises NotFound: there is no such export.
    """
    export = export_of(unit, export_id=export_id)
    if export.state in OPEN:
        export.state, export.ended_at = ExportState.CANCELLED, unit.now
        unit.session.flush()
        record(
            unit,
            action="inspection_export.cancelled",
            subject=f"inspection_export:{export_id}",
            creditor_id=HOUSE,
        )
        tell(unit, export_id)


def take_export(unit: Unit, files: FileStore, *, export_id: UUID) -> tuple[InspectionExport, BinaryIO]:
    """This function will open an export as a file, count it and audit who took it; close the file.

    :raises NotFound: there is no such export.
    :raises ExportNotReady: it is not finished, or not kept any more.
    """
    export = export_of(unit, export_id=export_id)
    kept = export.expires_at is not None and export.expires_at > unit.now
    if export.state != ExportState.READY or export.sha256 is None or not kept:
        raise ExportNotReady("this export is not there to be taken")
    opened = files.open(export.sha256)
    export.downloads += 1
    unit.session.flush()
    record(
        unit,
        action="inspection_export.taken",
        subject=f"inspection_export:{export.id}",
        creditor_id=HOUSE,
        facts={"sha256": export.sha256},
    )
    return export, opened


def tell(unit: Unit, export_id: UUID) -> None:
    """This function will have open pages of an export read again."""
    nudge(unit, [InspectionExportChanged(creditor_id=HOUSE, export_id=export_id)])


def _check(unit: Unit, wish: Wish) -> None:
    limits = export_limits(on=unit.today)
    if wish.language not in LANGUAGES:
        raise UnfitExport("choose one of the languages", field="language")
    if wish.last_day < wish.first_day:
        raise UnfitExport("the last day is before the first", field="last_day")
    if wish.first_day > unit.today:
        raise UnfitExport("the period has not begun yet", field="first_day")
    if (wish.last_day - unit.today).days > AHEAD_DAYS_MAX:
        raise UnfitExport(f"choose a day within {AHEAD_DAYS_MAX} days", field="last_day")
    if len(wish.reason.strip()) < REASON_MIN:
        raise UnfitExport("say who asks for what, and why", field="reason")
    connection = unit.session.connection()
    if wish.numbers:
        statement, values = _chosen(_UNKNOWN, wish)
        unknown = connection.execute(statement, values).scalars().all()
        if unknown:
            raise UnfitExport(f"no claim has the number {', '.join(unknown[:5])}", field="numbers")
    statement, values = _chosen(_COUNTED, wish)
    if connection.execute(statement, values).scalar_one() > limits.claims_max:
        raise UnfitExport(f"an export holds at most {limits.claims_max} claims", field="last_day")


def _chosen(sql: str, wish: Wish) -> tuple[Any, Mapping[str, Any]]:
    """A statement over the claims that were wished for, and its values."""
    values: dict[str, Any] = {}
    which = "c.number = ANY(CAST(:numbers AS text[]))" if wish.numbers else _IN_PERIOD
    if wish.numbers:
        values["numbers"] = list(wish.numbers)
    else:
        since, until = period(wish.first_day, wish.last_day)
        values |= {"law": wish.authority.value, "since": since, "until": until}
    theirs = " AND c.creditor_id = ANY(CAST(:creditors AS uuid[]))" if wish.creditors else ""
    if wish.creditors:
        values["creditors"] = list(wish.creditors)
    if wish.claims:
        theirs += " AND c.id = ANY(CAST(:claims AS uuid[]))"
        values["claims"] = list(wish.claims)
    return text(sql.format(which=which, theirs=theirs)), values


def period(first_day: date, last_day: date) -> tuple[datetime, datetime]:
    """This function will return the moments at which a period of days begins and has ended, in Amsterdam."""
    return (
        datetime.combine(first_day, time(0), tzinfo=AGENCY_ZONE),
        datetime.combine(last_day + timedelta(days=1), time(0), tzinfo=AGENCY_ZONE),
    )
