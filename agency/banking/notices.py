"""What the bank announces during the day or explains beside its statement: kept, shown, never booked."""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text

from agency.kernel.ids import new_id
from agency.kernel.unit import Unit
from agency.money import Money
from agency.ports.readers import BankLine, BankStatement


@dataclass(frozen=True, slots=True)
class Notice:
    """A notification with its lines."""

    notice_id: UUID
    key: str
    format: str
    lines: tuple[BankLine, ...]


@dataclass(frozen=True, slots=True)
class NoticeRow:
    """A kept report ("report") or notification as finance reads it; `on` is the last day it tells of."""

    name: str
    kind: str
    on: date | None
    lines: int
    net: Money
    imported_at: datetime


_INSERT = text(
    "INSERT INTO bank_notice (id, iban, notice_key, kind, format, name, currency, net_minor, days, lines,"
    " file_sha256, imported_at, imported_by) VALUES (:id, :iban, :key, :kind, :format, :name, :currency,"
    " :net, CAST(:days AS date[]), CAST(:lines AS jsonb), :sha, :now, :by)"
    " ON CONFLICT (iban, notice_key) DO NOTHING RETURNING id"
)


def keep_notice(unit: Unit, read: BankStatement, *, iban: str, sha256: str) -> tuple[UUID, bool]:
    """This function will keep a report or notification; returns it and whether it was known."""
    connection = unit.session.connection()
    inserted = connection.execute(
        _INSERT,
        {
            "id": new_id(),
            "iban": iban,
            "key": read.key,
            "kind": read.kind,
            "format": read.format,
            "name": read.number or read.id or "",
            "currency": read.net.currency,
            "net": read.net.minor,
            "days": sorted(read.booked_days),
            "lines": json.dumps([_as_json(line) for line in read.lines]),
            "sha": sha256,
            "now": unit.now,
            "by": unit.by,
        },
    ).scalar_one_or_none()
    if inserted is not None:
        return inserted, False
    found = connection.execute(
        text("SELECT id FROM bank_notice WHERE iban = :iban AND notice_key = :key"),
        {"iban": iban, "key": read.key},
    )
    return found.scalar_one(), True


def notices_of(unit: Unit, *, iban: str, days: Iterable[date]) -> list[Notice]:
    """This function will return the notifications that tell of some days, the earliest first."""
    rows = unit.session.connection().execute(
        text(
            "SELECT id, notice_key, format, lines FROM bank_notice WHERE iban = :iban"
            " AND kind = 'notification' AND days && CAST(:days AS date[]) ORDER BY imported_at, id"
        ),
        {"iban": iban, "days": sorted(days)},
    )
    return [Notice(row.id, row.notice_key, row.format, tuple(map(_line, row.lines))) for row in rows]


def list_notices(unit: Unit, *, limit: int = 20) -> list[NoticeRow]:
    """This function will return what was announced or explained last, the latest first."""
    rows = unit.session.connection().execute(
        text(
            "SELECT name, kind, days[cardinality(days)] AS last_on, jsonb_array_length(lines) AS lines,"
            " net_minor, currency, imported_at FROM bank_notice ORDER BY imported_at DESC, id LIMIT :limit"
        ),
        {"limit": limit},
    )
    return [
        NoticeRow(
            row.name, row.kind, row.last_on, row.lines, Money(row.net_minor, row.currency), row.imported_at
        )
        for row in rows
    ]


def _as_json(line: BankLine) -> dict[str, Any]:
    kept = asdict(line)
    kept["amount"] = [line.amount.minor, line.amount.currency]
    kept["booked_on"], kept["value_on"] = line.booked_on.isoformat(), line.value_on.isoformat()
    return {name: value for name, value in kept.items() if value not in (None, "", False, ())}


def _line(kept: dict[str, Any]) -> BankLine:
    values = kept | {
        "amount": Money(*kept["amount"]),
        "booked_on": date.fromisoformat(kept["booked_on"]),
        "value_on": date.fromisoformat(kept["value_on"]),
        "structured_references": tuple(kept.get("structured_references", ())),
    }
    return BankLine(**values)
