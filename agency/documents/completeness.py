"""How complete a claim's evidence is, from the documents that are there."""

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import text

from agency.kernel.unit import Unit
from agency.money import Money
from agency.rules.facts import DebtorKind, DisputeStatus, DocumentKind
from agency.rules.score import Score, score


def kinds_present(
    unit: Unit, *, creditor_id: UUID, claim_ids: Collection[UUID]
) -> dict[UUID, frozenset[DocumentKind]]:
    """This function will return the kinds of document that each claim has; claims without any are left
    out.
    """
    rows = unit.session.connection().execute(
        text(
            "SELECT claim_id, array_agg(DISTINCT kind) FROM document"
            " WHERE creditor_id = :c AND claim_id = ANY(:ids) GROUP BY claim_id"
        ),
        {"c": creditor_id, "ids": list(claim_ids)},
    )
    return {claim_id: frozenset(DocumentKind(kind) for kind in kinds) for claim_id, kinds in rows}


def assess(
    unit: Unit,
    *,
    creditor_id: UUID,
    claim_id: UUID,
    debtor: DebtorKind,
    amount: Money,
    dispute: DisputeStatus,
) -> Score:
    """This function will score the evidence of one claim as it is now."""
    kinds = kinds_present(unit, creditor_id=creditor_id, claim_ids=[claim_id])
    return score(debtor=debtor, amount=amount, documents=kinds.get(claim_id, frozenset()), dispute=dispute)
