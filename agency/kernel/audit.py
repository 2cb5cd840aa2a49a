"""Audit log: a hash chain per creditor (the agency's own under the house), ids only, no personal data."""

import hashlib
import json
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import text

from agency.kernel.ids import HOUSE
from agency.kernel.locks import take_turns
from agency.kernel.unit import Unit

GENESIS = b"\x00" * 32


def record(
    unit: Unit,
    *,
    action: str,
    subject: str,
    creditor_id: UUID | None = None,
    facts: dict[str, Any] | None = None,
) -> None:
    """This function will append one link to the creditor's chain (the house's without a creditor).

    `action` is a verb phrase like `quote.accepted`, `subject` like `quote:<id>`.
    """
    tenant = creditor_id or unit.creditor_id or HOUSE
    connection = unit.session.connection()
    take_turns(unit, "audit", tenant)
    last = connection.execute(
        text("SELECT seq, hash FROM audit_entry WHERE creditor_id = :c ORDER BY seq DESC LIMIT 1"),
        {"c": tenant},
    ).one_or_none()
    seq, previous = (last.seq + 1, bytes(last.hash)) if last else (1, GENESIS)
    plain = facts or {}
    connection.execute(
        text(
            "INSERT INTO audit_entry (creditor_id, seq, at, by, action, subject, facts, previous, hash)"
            " VALUES (:c, :seq, :at, :by, :action, :subject, CAST(:facts AS jsonb), :previous, :hash)"
        ),
        {
            "c": tenant,
            "seq": seq,
            "at": unit.now,
            "by": unit.by,
            "action": action,
            "subject": subject,
            "facts": json.dumps(plain, default=str),
            "previous": previous,
            "hash": link(
                previous=previous,
                seq=seq,
                at=unit.now.isoformat(),
                by=unit.by,
                action=action,
                subject=subject,
                facts=json.loads(json.dumps(plain, default=str)),
            ),
        },
    )


def link(
    *, previous: bytes, seq: int, at: str, by: str, action: str, subject: str, facts: dict[str, Any]
) -> bytes:
    """This function will return the SHA-256 of the previous link and the canonical form of this one."""
    canonical = json.dumps(
        [seq, at, by, action, subject, facts], sort_keys=True, separators=(",", ":"), ensure_ascii=False
    )
    return hashlib.sha256(previous + canonical.encode()).digest()


def fingerprint(*facts: str) -> str:
    """This function will return what tells some facts from others without naming them; the first is an id,
    so that the same facts elsewhere look otherwise."""
    return hashlib.sha256("|".join(facts).encode()).hexdigest()


@dataclass(frozen=True)
class ChainCheck:
    """Result of a verification: how many links were read and where the first break is, if any."""

    links: int
    broken_at: int | None


def verify_chain(unit: Unit, *, creditor_id: UUID) -> ChainCheck:
    """This function will recompute a creditor's chain from its first link."""
    rows = unit.session.connection().execute(
        text(
            "SELECT seq, at, by, action, subject, facts, previous, hash FROM audit_entry"
            " WHERE creditor_id = :c ORDER BY seq"
        ),
        {"c": creditor_id},
    )
    previous, count = GENESIS, 0
    for row in rows:
        count += 1
        expected = link(
            previous=previous,
            seq=row.seq,
            at=row.at.isoformat(),
            by=row.by,
            action=row.action,
            subject=row.subject,
            facts=row.facts,
        )
        if row.seq != count or bytes(row.previous) != previous or bytes(row.hash) != expected:
            return ChainCheck(count, row.seq)
        previous = expected
    return ChainCheck(count, None)
