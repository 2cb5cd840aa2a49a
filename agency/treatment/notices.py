"""What follows in law from a notice: its term, and the costs exactly as it announced them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import Row, text

from agency.claims.itemisation import itemise_many
from agency.communication.amounts import announce_costs
from agency.kernel.unit import Unit, agency_day
from agency.rules.facts import Channel, DebtorKind, Law
from agency.rules.notice import notice_term

# The first notice that left counts; a letter leaves when the post has it, not when it was printed.
_SERVED = text(
    "SELECT DISTINCT ON (m.creditor_id, m.claim_id) m.creditor_id, m.claim_id, m.channel, c.law,"
    " d.kind AS debtor_kind, cr.vat_deductible, coalesce((SELECT x.costs_clause FROM creditor_terms x"
    "  WHERE x.creditor_id = m.creditor_id AND x.valid_from <= :today ORDER BY x.valid_from DESC LIMIT 1),"
    "  false) AS costs_clause,"
    " coalesce(m.posted_at, m.sent_at) AS at, m.amounts->'announced' AS announced,"
    " CAST(m.amounts->>'principal' AS bigint) AS asked, CAST(m.amounts->>'disputed' AS bigint) AS left_out,"
    " c.disputed_minor"
    " FROM unnest(CAST(:creditors AS uuid[]), CAST(:claims AS uuid[])) AS k(creditor_id, claim_id)"
    " JOIN message m ON m.creditor_id = k.creditor_id AND m.claim_id = k.claim_id"
    " JOIN claim c ON c.creditor_id = m.creditor_id AND c.id = m.claim_id"
    " JOIN debtor d ON d.creditor_id = c.creditor_id AND d.id = c.debtor_id"
    " JOIN creditor cr ON cr.id = c.creditor_id"
    " JOIN template t ON t.id = m.template_id"
    " WHERE t.key LIKE 'notice%' AND m.step NOT LIKE '%\\_copy' AND m.amounts ? 'announced'"
    " AND m.state IN ('sent', 'delivered', 'opened') AND (m.channel <> 'letter' OR m.posted_at IS NOT NULL)"
    " AND c.state = 'active' AND c.costs_from IS NULL ORDER BY m.creditor_id, m.claim_id, at"
)
_ANNOUNCED = text(
    "UPDATE claim SET phase = 'amicable', costs_from = :costs_from, costs_minor = :costs,"
    " costs_vat_minor = :vat, costs_over_minor = :over, costs_left_out_minor = :left_out"
    " WHERE creditor_id = :creditor AND id = :claim AND costs_from IS NULL"
)
_UNSERVED = text(
    "UPDATE claim c SET costs_from = NULL, costs_minor = 0, costs_vat_minor = 0,"
    " costs_over_minor = NULL, costs_left_out_minor = 0"
    " WHERE c.creditor_id = :creditor AND c.id = :claim AND c.state = 'active' AND c.costs_from IS NOT NULL"
    " AND EXISTS (SELECT 1 FROM message m JOIN template t ON t.id = m.template_id"
    "  WHERE m.creditor_id = c.creditor_id AND m.id = :message AND t.key LIKE 'notice%'"
    "  AND m.step NOT LIKE '%\\_copy')"
    " AND NOT EXISTS (SELECT 1 FROM message m JOIN template t ON t.id = m.template_id"
    "  WHERE m.creditor_id = c.creditor_id AND m.claim_id = c.id AND t.key LIKE 'notice%'"
    "  AND m.step NOT LIKE '%\\_copy' AND m.state IN ('sent', 'delivered', 'opened')"
    "  AND (m.channel <> 'letter' OR m.posted_at IS NOT NULL))"
)


def start_terms(unit: Unit, keys: Sequence[tuple[UUID, UUID]]) -> int:
    """This function will start the term of each notice that has left, and return how many.

    :param keys: (creditor, claim) of the steps that were done now: nothing else can have left meanwhile.
    """
    claims = {"creditors": [creditor for creditor, _ in keys], "claims": [claim for _, claim in keys]}
    values = claims | {"today": unit.today}
    served = unit.session.connection().execute(_SERVED, values).all() if keys else []
    lowered = _lowered_since(unit, served) if served else {}
    rows: list[dict[str, Any]] = []
    for row in served:
        by: Literal["post", "email"] = "post" if row.channel == Channel.letter else "email"
        at: datetime = row.at
        term = notice_term(law=Law(row.law), by=by, sent=agency_day(at))
        costs = lowered.get(row.claim_id) or {
            "costs": row.announced["costs"],
            "vat": row.announced["costs_vat"],
            "over": row.asked,
            "left_out": row.left_out or 0,
        }
        rows.append(
            {"creditor": row.creditor_id, "claim": row.claim_id, "costs_from": term.costs_from, **costs}
        )
    if rows:
        unit.session.connection().execute(_ANNOUNCED, rows)
    return len(rows)


def _lowered_since(unit: Unit, served: Sequence[Row[Any]]) -> dict[UUID, dict[str, int]]:
    """Lower the costs of claims of which less is asked than when the notice was made: who pays a part within
    the term owes the costs of the rest (HR ECLI:NL:HR:2016:2704), and a day of the post is in it.

    :returns: costs and VAT in minor units by claim, never more than was announced, and what they are over.
    """
    keys = [(row.creditor_id, row.claim_id) for row in served]
    owed = itemise_many(unit, keys=keys, on=unit.today, undisputed=True)
    lowered: dict[UUID, dict[str, int]] = {}
    for row in served:
        rest = owed[row.creditor_id, row.claim_id]
        if rest.principal.minor >= row.asked:
            continue
        lawful = announce_costs(
            owed=rest,
            law=Law(row.law),
            debtor=DebtorKind(row.debtor_kind),
            on=unit.today,
            vat_deductible=row.vat_deductible,
            clause_agreed=row.costs_clause,
        )
        told = row.announced["costs"], row.announced["costs_vat"]
        costs, vat = min((lawful.amount.minor, lawful.vat.minor), told)
        lowered[row.claim_id] = {
            "costs": costs, "vat": vat, "over": max(0, rest.principal.minor), "left_out": row.disputed_minor,
        }  # fmt: skip
    return lowered


def withdraw_term(unit: Unit, *, creditor_id: UUID, claim_id: UUID, message_id: UUID) -> None:
    """This function will take a term back when its notice came back: nobody owes costs for it."""
    unit.session.connection().execute(
        _UNSERVED, {"creditor": creditor_id, "claim": claim_id, "message": message_id}
    )
