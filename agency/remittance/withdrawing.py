"""A creditor takes a claim back from the agency: collection ends, and the agreed withdrawal fee falls due."""

from dataclasses import dataclass
from typing import Final
from uuid import UUID

from sqlalchemy import text

from agency.claims.lifecycle import claim_to_change, move
from agency.claims.states import ClaimState
from agency.kernel.audit import record
from agency.kernel.errors import Conflict
from agency.kernel.unit import Unit
from agency.money import Money

WITHDRAWN_BY_CREDITOR: Final = "withdrawn_by_creditor"
"""The close code of a claim that its creditor took back; claims that fell away otherwise cost nothing."""


class UnableToWithdraw(Conflict):
    """The claim is not being collected."""


@dataclass(frozen=True, slots=True)
class WithdrawalTerms:
    """What taking a claim back costs by the terms of its acceptance, before VAT."""

    open_amount: Money
    bps: int
    minimum: Money


def withdrawal_terms(unit: Unit, *, creditor_id: UUID, claim_id: UUID) -> WithdrawalTerms:
    """This function will return what a withdrawal of this claim is charged by, to be shown first."""
    row = (
        unit.session.connection()
        .execute(
            text(
                "SELECT c.currency, coalesce(t.withdrawal_bps, 0) AS bps,"
                " coalesce(t.withdrawal_minimum_minor, 0) AS minimum_minor,"
                " coalesce((SELECT sum(e.amount_minor) FROM ledger_entry e"
                "  WHERE e.creditor_id = c.creditor_id AND e.claim_id = c.id"
                "  AND e.account = 'claims.principal'), 0)::bigint AS open_minor"
                " FROM claim c LEFT JOIN LATERAL (SELECT u.accepted_at FROM quote_line l JOIN quote u"
                "  ON u.creditor_id = l.creditor_id AND u.id = l.quote_id WHERE l.creditor_id = c.creditor_id"
                "  AND l.claim_id = c.id AND u.state = 'accepted' AND l.outcome IS NULL"
                "  AND u.claim_id IS NULL"
                "  ORDER BY u.accepted_at DESC LIMIT 1) q ON true"
                " LEFT JOIN LATERAL (SELECT * FROM creditor_terms t WHERE t.creditor_id = c.creditor_id"
                "  AND t.valid_from <= (q.accepted_at AT TIME ZONE 'Europe/Amsterdam')::date"
                "  ORDER BY t.valid_from DESC LIMIT 1) t ON true WHERE c.creditor_id = :c AND c.id = :claim"
            ),
            {"c": creditor_id, "claim": claim_id},
        )
        .one()
    )
    return WithdrawalTerms(
        Money(row.open_minor, row.currency), row.bps, Money(row.minimum_minor, row.currency)
    )


def withdraw_claim(unit: Unit, *, creditor_id: UUID, claim_id: UUID, why: str) -> None:
    """This function will end the collection of a claim because its creditor takes it back.

    The fee, where one was agreed, is charged with the next payout.

    :raises NotFound: the creditor has no such claim.
    :raises UnableToWithdraw: it is not in collection.
    """
    claim = claim_to_change(unit, creditor_id=creditor_id, claim_id=claim_id)
    if claim.state != ClaimState.ACTIVE:
        raise UnableToWithdraw("only a claim that is being collected can be taken back")
    move(unit, claim=claim, to=ClaimState.WITHDRAWN, why=why, close_code=WITHDRAWN_BY_CREDITOR)
    record(
        unit,
        action="claim.withdrawn",
        subject=f"claim:{claim_id}",
        creditor_id=creditor_id,
        facts={"why": why},
    )
