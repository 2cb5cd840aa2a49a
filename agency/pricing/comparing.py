"""What differs between a quote and the one in whose place it came, claim by claim and factor by factor."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text

from agency.kernel.errors import NotFound
from agency.kernel.unit import Unit

SHOWN_MAX: Final = 200

_PAIRS = text(
    "SELECT coalesce(n.claim_id, o.claim_id) AS claim_id, c.number, c.reference, d.name AS debtor,"
    " o.fee_bps AS before, n.fee_bps AS after, o.factors AS old_factors, n.factors AS new_factors,"
    " o.facts AS old_facts, n.facts AS new_facts"
    " FROM (SELECT * FROM quote_line WHERE creditor_id = :c AND quote_id = :old"
    "  AND (CAST(:only AS uuid) IS NULL OR claim_id = :only)) o"
    " FULL JOIN (SELECT * FROM quote_line WHERE creditor_id = :c AND quote_id = :new) n"
    "  ON n.claim_id = o.claim_id"
    " JOIN claim c ON c.creditor_id = :c AND c.id = coalesce(n.claim_id, o.claim_id)"
    " JOIN debtor d ON d.creditor_id = c.creditor_id AND d.id = c.debtor_id"
    " WHERE n.fee_bps IS DISTINCT FROM o.fee_bps OR n.factors IS DISTINCT FROM o.factors"
    "  OR n.facts -> 'amount_minor' IS DISTINCT FROM o.facts -> 'amount_minor'"
    "  OR n.facts -> 'documents' IS DISTINCT FROM o.facts -> 'documents'"
    "  OR n.facts -> 'maximum_minor' IS DISTINCT FROM o.facts -> 'maximum_minor'"
    " ORDER BY abs(coalesce(n.fee_bps, 0) - coalesce(o.fee_bps, 0)) DESC, c.number LIMIT :limit"
)


@dataclass(frozen=True)
class ChangedFactor:
    """A part of the fee before and after, in basis points; None where it is no part of it."""

    key: str
    before_bps: int | None
    after_bps: int | None


@dataclass(frozen=True)
class ChangedLine:
    """One claim in two quotes; a fee of None means that the claim is not in that quote."""

    claim_id: UUID
    number: str
    reference: str
    debtor: str
    before_bps: int | None
    after_bps: int | None
    factors: tuple[ChangedFactor, ...]
    added: tuple[str, ...]
    removed: tuple[str, ...]
    old_facts: Mapping[str, Any] | None
    new_facts: Mapping[str, Any] | None


@dataclass(frozen=True)
class Comparison:
    """A quote beside the one it follows; `lines` are those that differ, the largest change first."""

    old_id: UUID
    lines: tuple[ChangedLine, ...]


def compare_quote(unit: Unit, *, creditor_id: UUID, quote_id: UUID) -> Comparison:
    """This function will set a quote beside the one it came in place of.

    A new price of one claim is set beside that claim's line alone: the others of its file keep their price.

    :raises NotFound: this creditor has no such quote, or it follows none.
    """
    connection = unit.session.connection()
    older = connection.execute(
        text(
            "SELECT o.id, q.claim_id FROM quote q JOIN quote o ON o.creditor_id = q.creditor_id"
            " AND o.id = q.follows_id WHERE q.creditor_id = :c AND q.id = :q"
        ),
        {"c": creditor_id, "q": quote_id},
    ).one_or_none()
    if older is None:
        raise NotFound("this price follows no other")
    values = {"c": creditor_id, "old": older.id, "new": quote_id, "only": older.claim_id, "limit": SHOWN_MAX}
    rows = connection.execute(_PAIRS, values)
    return Comparison(older.id, tuple(_line(row) for row in rows))


def _line(row: Any) -> ChangedLine:
    before = {factor["key"]: factor["bps"] for factor in row.old_factors or ()}
    after = {factor["key"]: factor["bps"] for factor in row.new_factors or ()}
    keys = [*before, *(key for key in after if key not in before)]
    old_documents = set((row.old_facts or {}).get("documents", ()))
    new_documents = set((row.new_facts or {}).get("documents", ()))
    both = row.old_facts is not None and row.new_facts is not None
    return ChangedLine(
        claim_id=row.claim_id,
        number=row.number,
        reference=row.reference,
        debtor=row.debtor,
        before_bps=row.before,
        after_bps=row.after,
        factors=tuple(
            ChangedFactor(key, before.get(key), after.get(key))
            for key in keys
            if both and before.get(key) != after.get(key)
        ),
        added=tuple(sorted(new_documents - old_documents)) if both else (),
        removed=tuple(sorted(old_documents - new_documents)) if both else (),
        old_facts=row.old_facts,
        new_facts=row.new_facts,
    )
