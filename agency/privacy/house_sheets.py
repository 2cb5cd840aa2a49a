"""The tables of an export about the agency itself: roles, trainings and meetings, and the rules in force."""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text
from sqlmodel import col, select

from agency.kernel.ids import HOUSE
from agency.kernel.unit import Unit, agency_day
from agency.parties.models import Role
from agency.privacy.models import InspectionExport, KeptRecord
from agency.privacy.sheets import Sheet
from agency.privacy.standing import colleagues, records_standing
from agency.privacy.telling import Telling
from agency.rules.explain import explain
from agency.rules.kept_records import Standing
from agency.rules.tables import read_table, table_names

_GIVEN_BY: Final = text(
    "SELECT DISTINCT ON (a.subject) a.subject, u.name FROM audit_entry a JOIN user_account u"
    " ON a.by = 'user:' || u.id WHERE a.creditor_id = :house AND a.action = 'user.created'"
    " ORDER BY a.subject, a.seq"
)
_STANDING: Final = {Standing.IN_ORDER: "in_order", Standing.DUE: "due_standing", Standing.OVERDUE: "overdue"}
# Fields of a row of a table that say what it is about, the first that is there.
_NAMED: Final = ("rule", "key", "name", "ground", "act", "kind", "country", "topic")


def house_sheets(unit: Unit, export: InspectionExport, telling: Telling) -> Iterator[Sheet]:
    """This function will yield the tables about the agency, as of the end of the export's period."""
    yield _rights(telling)
    yield _people(unit, export, telling)
    yield _standing(unit, export, telling)
    yield _records(unit, export, telling)
    yield _rules(export, telling)


def records_until(unit: Unit, export: InspectionExport) -> Sequence[KeptRecord]:
    """This function will return every version of the trainings and meetings held until the period's end."""
    return unit.session.exec(
        select(KeptRecord)
        .where(
            KeptRecord.creditor_id == HOUSE,
            KeptRecord.held_on <= export.last_day,
            KeptRecord.at <= export.as_of,
        )
        .order_by(col(KeptRecord.held_on), col(KeptRecord.series_id), col(KeptRecord.version))
    ).all()


def table_content(name: str) -> bytes:
    """This function will return a table of rules as JSON: the same rules, the same bytes."""
    return json.dumps(read_table(name), ensure_ascii=False, indent=1, sort_keys=True, default=str).encode()


def _rights(t: Telling) -> Sheet:
    rows = [
        (right.door, right.part, *(_right(t, role, right.looks, right.acts) for role in Role))
        for right in t.papers.rights(language=t.language)
    ]
    heads = (*t.heads("door", "part"), *(t.say("role", role.value) for role in Role))
    return Sheet("roles", heads, rows)


def _right(t: Telling, role: Role, looks: frozenset[str], acts: frozenset[str]) -> str:
    return t.word("may_act" if role in acts else "may_look" if role in looks else "may_not")


def _people(unit: Unit, export: InspectionExport, t: Telling) -> Sheet:
    given = {row.subject: row.name for row in unit.session.connection().execute(_GIVEN_BY, {"house": HOUSE})}
    rows = [
        (
            one.name,
            one.email,
            ", ".join(t.say("role", role) for role in one.roles),
            t.moment(one.since),
            given.get(f"user:{one.id}", t.word("by_program")),
            t.moment(one.blocked_at),
        )
        for one in colleagues(unit)
        if one.since <= export.as_of
    ]
    return Sheet("people", t.heads("name", "email", "roles_held", "since", "by", "blocked"), rows)


def _standing(unit: Unit, export: InspectionExport, t: Telling) -> Sheet:
    on = min(export.last_day, agency_day(export.as_of))
    found = records_standing(unit, authority=export.authority, on=on)
    rows = []
    for one in found.demands:
        (line,) = explain(one.decision.trace, t.language)
        whom = one.person.name if one.person else t.word("the_agency")
        wanted = t.word(f"wanted_{one.wanted.kind.value}")
        if one.person:
            wanted = f"{wanted} ({t.say('role', one.wanted.role)})"
        basis = t.word(f"basis_{one.wanted.basis}")
        rows.append((whom, wanted, t.word(_STANDING[one.decision.standing]), line.words, basis, line.source))
    return Sheet("standing", t.heads("whom", "wanted", "state", "why", "basis", "source"), rows)


def _records(unit: Unit, export: InspectionExport, t: Telling) -> Sheet:
    found = records_until(unit, export)
    names = {str(one.id): one.name for one in colleagues(unit)}
    newest: dict[UUID, int] = {}
    for row in found:
        newest[row.series_id] = max(row.version, newest.get(row.series_id, 0))
    rows = [
        (
            t.day(row.held_on),
            t.word(f"wanted_{row.kind.value}"),
            row.title,
            f"{row.minutes_long // 60}:{row.minutes_long % 60:02d}",
            ", ".join([*(names.get(one, one) for one in row.people), *row.others.splitlines()]),
            row.report,
            row.file_name,
            str(row.version),
            t.yes(row.version == newest[row.series_id] and not row.withdrawn),
            row.why,
            t.moment(row.at),
        )
        for row in found
    ]
    heads = "day wanted title_of hours took_part report file version counts why_corrected written_at"
    return Sheet("records", t.heads(*heads.split()), rows)


def _rules(export: InspectionExport, t: Telling) -> Sheet:
    rows = [row for name in table_names("") for row in _rows_of(name, read_table(name), "", export)]
    return Sheet("rules", t.heads("table", "part", "about", "since", "source", "basis", "note", "sha"), rows)


def _rows_of(
    name: str, content: Mapping[str, Any], above: str, export: InspectionExport
) -> Iterator[tuple[str, ...]]:
    """Each row of a table that says where it comes from or since when it counts, and had begun by then."""
    sha256 = hashlib.sha256(table_content(name)).hexdigest()
    for field, value in content.items():
        rows = value if isinstance(value, list) else [value]
        for row in rows:
            if not isinstance(row, Mapping):
                continue
            since = row.get("since")
            if ("since" in row or "source" in row) and (since is None or str(since) <= str(export.last_day)):
                about = next((str(row[one]) for one in _NAMED if one in row), "")
                yield (
                    name, f"{above}{field}", about, str(since or ""), str(row.get("source", "")),
                    str(row.get("basis", "")), str(row.get("note", row.get("doubt", ""))), sha256,
                )  # fmt: skip
            yield from _rows_of(name, row, f"{above}{field}.", export)
