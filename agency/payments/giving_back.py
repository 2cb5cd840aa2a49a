"""What is to go back and what goes back already, as finance reads it."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, DateTime, Row, Text, Uuid, text

from agency.kernel.errors import NotFound
from agency.kernel.unit import Unit
from agency.money import Money
from agency.payments.models import UNPOSTED_REFUNDS


@dataclass(frozen=True, slots=True)
class OwedBack:
    """Money that somebody should get back and for which nobody has asked a refund yet.

    `held_id` is set for money that no claim took, else `payment_id` for the overpaid part of a payment.
    `payer_iban` and `payer` are what the bank said of the payer; empty for a payment at the provider.
    """

    creditor_id: UUID
    payment_id: UUID | None
    held_id: UUID | None
    claim_id: UUID
    claim_number: str
    creditor: str
    debtor: str
    source: str
    amount: Money
    since: date
    reason: str
    payer: str
    payer_iban: str


@dataclass(frozen=True, slots=True)
class RefundRow:
    """One refund with where it stands; `claim_id` is None for a bank line that was nobody's."""

    creditor_id: UUID
    refund_id: UUID
    claim_id: UUID | None
    claim_number: str | None
    creditor: str
    debtor: str | None
    payment_id: UUID | None
    line_id: UUID | None
    amount: Money
    route: str
    iban: str
    holder: str
    payer_iban: str
    reason: str
    state: str
    requested_at: datetime
    requested_by: str
    approved_at: datetime | None
    approved_by: str | None
    ended_at: datetime | None
    ended_why: str
    file_id: UUID | None
    end_to_end: str | None
    provider_ref: str | None


@dataclass(frozen=True, slots=True)
class OwesBack:
    """A claim whose debtor got more back than he overpaid: refunded, and then charged back."""

    creditor_id: UUID
    claim_id: UUID
    claim_number: str
    debtor: str
    amount: Money


# What a claim's debtor may have is no more than the ledger owes him: a refund that left before its payment
# was charged back counts against the next overpayment.
_OWED_BACK = (
    "WITH ledger AS (SELECT creditor_id, claim_id, currency, -sum(amount_minor)::bigint AS minor"
    "  FROM ledger_entry WHERE account = 'trust.debtor' GROUP BY 1, 2, 3),"
    " going AS (SELECT creditor_id, claim_id, currency, sum(amount_minor)::bigint AS minor FROM refund"
    "  WHERE payment_id IS NOT NULL AND state = ANY(:waiting) GROUP BY 1, 2, 3),"
    " found AS (SELECT p.creditor_id, p.id AS payment_id, NULL::uuid AS held_id, p.claim_id, p.source,"
    "  least(p.over_minor - p.refund_minor, l.minor - coalesce(g.minor, 0)) AS minor, p.currency,"
    "  p.value_on AS since, 'overpaid' AS reason, b.counterparty, b.counterparty_iban FROM payment p"
    "  JOIN ledger l USING (creditor_id, claim_id, currency) LEFT JOIN going g"
    "  USING (creditor_id, claim_id, currency) LEFT JOIN bank_line b ON p.source = 'bank'"
    "  AND b.id = CAST(split_part(CASE WHEN p.source = 'bank' THEN p.source_key END, '#', 1) AS uuid)"
    "  WHERE p.reversed_at IS NULL AND p.over_minor > p.refund_minor AND p.source <> 'direct'"
    " UNION ALL SELECT h.creditor_id, NULL, h.id, h.claim_id, h.source,"
    "  h.amount_minor - h.refund_minor + least(0, coalesce(l.minor, 0)),"
    "  h.currency, h.value_on, h.reason, NULL, NULL FROM held_payment h"
    "  LEFT JOIN ledger l USING (creditor_id, claim_id, currency)"
    "  WHERE h.ended_at IS NULL AND h.amount_minor > h.refund_minor)"
    " SELECT f.*, c.number, k.name AS creditor, d.name AS debtor FROM found f"
    " JOIN claim c ON c.creditor_id = f.creditor_id AND c.id = f.claim_id"
    " JOIN creditor k ON k.id = f.creditor_id"
    " JOIN debtor d ON d.creditor_id = c.creditor_id AND d.id = c.debtor_id"
    " WHERE f.minor > 0"
)
_REFUNDS = (
    "SELECT r.*, c.number, k.name AS creditor, d.name AS debtor, coalesce(b.counterparty_iban, '')"
    "  AS payer_iban FROM refund r JOIN creditor k ON k.id = r.creditor_id"
    " LEFT JOIN claim c ON c.creditor_id = r.creditor_id AND c.id = r.claim_id"
    " LEFT JOIN debtor d ON d.creditor_id = c.creditor_id AND d.id = c.debtor_id"
    " LEFT JOIN payment p ON p.creditor_id = r.creditor_id AND p.id = r.payment_id AND p.source = 'bank'"
    " LEFT JOIN bank_line b ON b.id = coalesce(r.line_id, CAST(split_part(p.source_key, '#', 1) AS uuid))"
)


def owed_back_list(unit: Unit, *, limit: int = 200) -> list[OwedBack]:
    """This function will return what waits for somebody to ask its refund, the oldest first."""
    rows = unit.session.connection().execute(
        text(_OWED_BACK + " ORDER BY f.since, f.claim_id LIMIT :limit"), {**_waiting(), "limit": limit}
    )
    return [_owed(row) for row in rows]


def read_owed_back(unit: Unit, *, creditor_id: UUID, origin_id: UUID) -> OwedBack:
    """This function will return what is owed back of one payment, or of one holding, by its id.

    :raises NotFound: nothing of it waits to be asked for.
    """
    rows = unit.session.connection().execute(
        text(_OWED_BACK + " AND f.creditor_id = :c AND coalesce(f.payment_id, f.held_id) = :id"),
        {**_waiting(), "c": creditor_id, "id": origin_id},
    )
    found = rows.one_or_none()
    if found is None:
        raise NotFound("nothing of this payment waits to be given back")
    return _owed(found)


REFUNDS = (
    text(_REFUNDS)
    .columns(
        creditor_id=Uuid, id=Uuid, claim_id=Uuid, number=Text, creditor=Text, debtor=Text, payment_id=Uuid,
        line_id=Uuid, amount_minor=BigInteger, currency=Text, route=Text, iban=Text, holder=Text,
        payer_iban=Text, reason=Text, state=Text, requested_at=DateTime(timezone=True), requested_by=Text,
        approved_at=DateTime(timezone=True), approved_by=Text, ended_at=DateTime(timezone=True),
        ended_why=Text, file_id=Uuid, end_to_end=Text, provider_ref=Text,
    )
    .subquery("given_back")
)  # fmt: skip
"""Refunds as a table to select from, for lists; see `refund_row`."""


def list_refunds(unit: Unit, *, state: str | None = None, limit: int = 200) -> list[RefundRow]:
    """This function will return refunds, of one state or all, the latest first."""
    rows = unit.session.connection().execute(
        text(
            _REFUNDS + " WHERE CAST(:state AS text) IS NULL OR r.state = :state"
            " ORDER BY r.requested_at DESC, r.id DESC LIMIT :limit"
        ),
        {"state": state, "limit": limit},
    )
    return [refund_row(row) for row in rows]


def refunds_by_state(unit: Unit) -> dict[tuple[str, str], int]:
    """This function will count refunds by their state and their route."""
    rows = unit.session.connection().execute(
        text("SELECT state, route, count(*) AS refunds FROM refund GROUP BY state, route")
    )
    return {(row.state, row.route): row.refunds for row in rows}


def read_refund(unit: Unit, *, creditor_id: UUID, refund_id: UUID) -> RefundRow:
    """This function will return one refund.

    :raises NotFound: there is none of that id.
    """
    row = unit.session.connection().execute(
        text(_REFUNDS + " WHERE r.creditor_id = :c AND r.id = :id"), {"c": creditor_id, "id": refund_id}
    )
    found = row.one_or_none()
    if found is None:
        raise NotFound("no such refund")
    return refund_row(found)


def owing_back(unit: Unit, *, limit: int = 100) -> list[OwesBack]:
    """This function will return the claims whose debtors got too much back, the largest sum first."""
    rows = unit.session.connection().execute(
        text(
            "SELECT e.creditor_id, e.claim_id, c.number, d.name, e.minor, e.currency FROM"
            " (SELECT creditor_id, claim_id, currency, sum(amount_minor)::bigint AS minor FROM ledger_entry"
            "  WHERE account = 'trust.debtor' GROUP BY 1, 2, 3 HAVING sum(amount_minor) > 0) AS e"
            " JOIN claim c ON c.creditor_id = e.creditor_id AND c.id = e.claim_id"
            " JOIN debtor d ON d.creditor_id = c.creditor_id AND d.id = c.debtor_id"
            " ORDER BY e.minor DESC, c.number LIMIT :limit"
        ),
        {"limit": limit},
    )
    return [
        OwesBack(row.creditor_id, row.claim_id, row.number, row.name, Money(row.minor, row.currency))
        for row in rows
    ]


def _waiting() -> dict[str, list[str]]:
    return {"waiting": [state.value for state in UNPOSTED_REFUNDS]}


def _owed(row: Row[Any]) -> OwedBack:
    return OwedBack(
        row.creditor_id,
        row.payment_id,
        row.held_id,
        row.claim_id,
        row.number,
        row.creditor,
        row.debtor,
        row.source,
        Money(row.minor, row.currency),
        row.since,
        row.reason,
        row.counterparty or "",
        row.counterparty_iban or "",
    )


def refund_row(row: Row[Any]) -> RefundRow:
    """This function will read a row of `REFUNDS`."""
    return RefundRow(
        row.creditor_id,
        row.id,
        row.claim_id,
        row.number,
        row.creditor,
        row.debtor,
        row.payment_id,
        row.line_id,
        Money(row.amount_minor, row.currency),
        row.route,
        row.iban,
        row.holder,
        row.payer_iban,
        row.reason,
        row.state,
        row.requested_at,
        row.requested_by,
        row.approved_at,
        row.approved_by,
        row.ended_at,
        row.ended_why,
        row.file_id,
        row.end_to_end,
        row.provider_ref,
    )
