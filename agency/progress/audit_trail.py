"""The audit trail as people read it: who did what, when and to which thing, over every creditor."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, Select, Text, and_, cast, func, or_, select, text
from sqlmodel import col

from agency.kernel.models import AuditEntry
from agency.kernel.unit import AGENCY_ZONE, Unit
from agency.parties.models import Creditor, UserAccount

TRAIL_ORDERS: Final[dict[str, Any]] = {"at": col(AuditEntry.at)}
# A link is known by its chain and its place in it.
TRAIL_TIE: Final = func.concat(cast(col(AuditEntry.creditor_id), Text), ":", cast(col(AuditEntry.seq), Text))

_ROWS_AT_ONCE: Final = 2_000
# What facts may be read by whoever looks after the machinery: ids, days, numbers and words of the product.
# What a person wrote (why a hold was lifted) can tell of a debtor's life; it stands with the claim.
_PLAIN: Final = re.compile(r"[A-Za-z0-9_.:/+-]{1,80}|\d{4}-\d\d-\d\d \d\d:\d\d[0-9:.+-]*")
_WRITTEN: Final = frozenset({"why", "reason", "note", "remark", "decision", "words"})
_CLAIM: Final = text("SELECT id FROM claim WHERE number = :number")
_CALLED: Final = text(
    "SELECT 'claim:' || id AS subject, number AS name FROM claim WHERE id = ANY(:claims)"
    " UNION ALL SELECT 'user:' || id, name FROM user_account WHERE id = ANY(:users)"
    " UNION ALL SELECT 'creditor:' || id, name FROM creditor WHERE id = ANY(:creditors)"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Narrowed:
    """Which links are asked for; empty parts leave all.

    `who` is as the trail knows a person (`user:<id>`), or `system` for what no person did. `thing` is a kind
    of thing such as `claim`. `words` are the number of a claim, the id of a thing, or a part of what was
    done. Days are the agency's, both included.
    """

    who: str = ""
    thing: str = ""
    words: str = ""
    first: date | None = None
    last: date | None = None


def trail(unit: Unit, narrowed: Narrowed) -> Select[Any]:
    """This function will return the statement of the links that are asked for, in no order yet."""
    statement = (
        select(
            col(AuditEntry.creditor_id),
            col(AuditEntry.seq),
            col(AuditEntry.at),
            col(AuditEntry.by),
            col(AuditEntry.action),
            col(AuditEntry.subject),
            col(AuditEntry.facts),
            col(Creditor.name).label("creditor"),
            col(UserAccount.name).label("person"),
            TRAIL_TIE.label("link"),
        )
        .join(Creditor, col(Creditor.id) == col(AuditEntry.creditor_id), isouter=True)
        .join(
            UserAccount,
            func.concat("user:", cast(col(UserAccount.id), Text)) == col(AuditEntry.by),
            isouter=True,
        )
    )
    return statement.where(*_conditions(unit, narrowed))


def _conditions(unit: Unit, narrowed: Narrowed) -> list[Any]:
    found: list[Any] = []
    by, subject, at = col(AuditEntry.by), col(AuditEntry.subject), col(AuditEntry.at)
    if narrowed.who == "system":
        found.append(by.startswith("system:"))
    elif narrowed.who:
        found.append(by == narrowed.who)
    if narrowed.thing:
        found.append(subject.startswith(f"{narrowed.thing}:", autoescape=True))
    if narrowed.words:
        found.append(_said(unit, narrowed.words))
    if narrowed.first:
        found.append(at >= _midnight(narrowed.first))
    if narrowed.last and narrowed.last < date.max:
        found.append(at < _midnight(narrowed.last + timedelta(days=1)))
    return found


def _said(unit: Unit, words: str) -> Any:
    """The links about a claim that is named by its number, about an id, or with words of what was done."""
    subject, facts = col(AuditEntry.subject), col(AuditEntry.facts)
    claim = unit.session.connection().execute(_CLAIM, {"number": words}).scalars().first()
    if named := str(claim) if claim else _id_of(words):
        return or_(
            subject.endswith(f":{named}", autoescape=True),
            cast(facts, Text).contains(f'"{named}"', autoescape=True),
        )
    whole = and_(*(col(AuditEntry.action).icontains(word, autoescape=True) for word in words.split()))
    return or_(whole, subject == words)


def _id_of(words: str) -> str:
    try:
        return str(UUID(words.rpartition(":")[2]))
    except ValueError:
        return ""


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(0), tzinfo=AGENCY_ZONE)


def trail_rows(unit: Unit, narrowed: Narrowed) -> Iterator[Row[Any]]:
    """This function will yield every link that is asked for, the newest first, a few thousand at a time."""
    statement = trail(unit, narrowed).order_by(col(AuditEntry.at).desc(), TRAIL_TIE.desc())
    found = unit.session.connection().execution_options(yield_per=_ROWS_AT_ONCE).execute(statement)
    yield from found


def people(unit: Unit) -> list[tuple[str, str]]:
    """This function will return everybody of the agency as the trail knows them, with their names."""
    statement = (
        select(cast(col(UserAccount.id), Text), col(UserAccount.name))
        .where(col(UserAccount.creditor_id).is_(None))
        .order_by(func.lower(col(UserAccount.name)))
    )
    return [(f"user:{one}", name) for one, name in unit.session.connection().execute(statement)]


def called(unit: Unit, subjects: Sequence[str]) -> dict[str, str]:
    """This function will return what things are called, by their names in the trail: a claim by its number,
    users and creditors by name; the rest has its id alone."""
    ids: dict[str, list[UUID]] = {"claim": [], "user": [], "creditor": []}
    for subject in subjects:
        kind, _, which = subject.partition(":")
        if kind in ids and _id_of(which):
            ids[kind].append(UUID(which))
    values = {"claims": ids["claim"], "users": ids["user"], "creditors": ids["creditor"]}
    rows = unit.session.connection().execute(_CALLED, values) if any(ids.values()) else ()
    return {row.subject: row.name for row in rows}


def facts_told(facts: Mapping[str, Any]) -> tuple[list[tuple[str, str]], int]:
    """Return what a link says besides, without what a person wrote, and how many such words were left out."""
    told, left_out = [], 0
    for name, value in facts.items():
        several = value if isinstance(value, list) else [value]
        words = [_plain(one) for one in several]
        if value and (name in _WRITTEN or None in words):
            left_out += 1
        elif said := ", ".join(one for one in words if one):
            told.append((name, said))
    return told, left_out


def _plain(value: Any) -> str | None:
    if isinstance(value, bool):
        return str(value).lower()
    if value is None or value == "":
        return ""
    if isinstance(value, int):
        return str(value)
    return value if isinstance(value, str) and _PLAIN.fullmatch(value) else None
