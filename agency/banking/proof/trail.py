"""P9 and P10, and what proofs remember: nothing lags, the audit chain is whole, and nothing disappeared.

The chain shows a link that was changed or taken out of its middle; its end, and transactions that are gone
with all their entries, are missed only by what an earlier proof saw. So each proof keeps how far the books
went, and the next one looks whether that is still there.
"""

import json
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlmodel import col, select

from agency.banking.models import AsideState, ProofAside, ProofRun
from agency.banking.proof.checks import ROWS_SHOWN_MAX, Check, Difference, rows_of
from agency.kernel.audit import verify_chain
from agency.kernel.unit import Unit

LAG_MINUTES_MAX = 15

_LAG = """
    SELECT (SELECT count(*) FROM outbox WHERE done_at IS NULL AND (quarantined_at IS NOT NULL
        OR available_at < clock_timestamp() - make_interval(mins => :limit))) AS outbox,
      (SELECT count(*) FROM inbox WHERE handled_at IS NULL
        AND received_at < app.now() - make_interval(mins => :limit)) AS inbox
"""
_HEADS = """
    SELECT DISTINCT ON (creditor_id) creditor_id, seq, encode(hash, 'hex') AS hash FROM audit_entry
    ORDER BY creditor_id, seq DESC
"""
_GONE = """
    SELECT h.creditor_id, (h.head->>0)::bigint AS seq
    FROM jsonb_each(CAST(:heads AS jsonb)) AS h(creditor_id, head)
    WHERE NOT EXISTS (SELECT FROM audit_entry a WHERE a.creditor_id = h.creditor_id::uuid
      AND a.seq = (h.head->>0)::bigint AND encode(a.hash, 'hex') = h.head->>1)
    ORDER BY h.creditor_id
"""


@dataclass(frozen=True, slots=True)
class Memory:
    """What the next proof must find, and what two people set aside last before that; None when nothing."""

    seen: dict[str, Any]
    aside_id: UUID | None


def last_seen(unit: Unit) -> Memory:
    """This function will return what the latest proof kept; empty before the first.

    A proof that began before something was set aside, and ended after it, knows nothing of that: it counts
    no more. A decision without the proof that comes with each was written past the door, and makes nothing
    forgotten.
    """
    aside_id = unit.session.exec(
        select(ProofAside.id)
        .where(ProofAside.state == AsideState.ACCEPTED)
        .order_by(col(ProofAside.decided_at).desc(), col(ProofAside.id).desc())
        .limit(1)
    ).first()
    found = unit.session.exec(
        select(ProofRun.seen)
        .where(col(ProofRun.seen) != {})
        .order_by(
            col(ProofRun.aside_id).is_not_distinct_from(aside_id).desc(),
            col(ProofRun.at).desc(),
            col(ProofRun.id).desc(),
        )
        .limit(1)
    ).first()
    return Memory(dict(found or {}), aside_id)


def nothing_lags(unit: Unit) -> list[Check]:
    """P9: no job and no notice is late or was given up."""
    [row] = rows_of(unit, _LAG, limit=LAG_MINUTES_MAX)
    return [
        Check(key="P9", left_label="jobs late or given up", left=row.outbox, blocks=False),
        Check(key="P9", left_label="notices not handled in time", left=row.inbox, blocks=False),
    ]


def audit_heads(unit: Unit) -> dict[str, list[Any]]:
    """This function will return the last link of each chain: its number and its hash, by creditor."""
    return {str(row.creditor_id): [row.seq, row.hash] for row in rows_of(unit, _HEADS)}


def audit_is_whole(unit: Unit, heads: dict[str, list[Any]]) -> Check:
    """P10: every chain is unbroken from its first link."""
    broken = [
        (creditor_id, checked.broken_at)
        for creditor_id in heads
        if (checked := verify_chain(unit, creditor_id=UUID(creditor_id))).broken_at is not None
    ]
    return Check(
        key="P10",
        left_label="audit chains",
        left=len(heads),
        right_label="unbroken",
        right=len(heads) - len(broken),
        blocks=False,
        rows=tuple(
            Difference("chain", creditor_id, creditor_id, "broken at this link", link, None, "")
            for creditor_id, link in broken[:ROWS_SHOWN_MAX]
        ),
    )


def audit_kept(unit: Unit, before: dict[str, Any]) -> Check:
    """P10: every chain still holds the end that the last proof saw."""
    gone = rows_of(unit, _GONE, heads=json.dumps(before.get("heads", {})))
    return Check(
        key="P10",
        left_label="audit chains whose end the last proof saw is gone",
        left=len(gone),
        blocks=False,
        earlier=True,
        rows=tuple(
            Difference("chain", row.creditor_id, row.creditor_id, "ended here before", None, row.seq, "")
            for row in gone[:ROWS_SHOWN_MAX]
        ),
    )
