"""The success fee on each payment, by the claim's accepted quote line: nothing collected, nothing charged.

A fee is a row of its own beside the payment, with its trace; a payment that was taken back gets the same
row with the signs turned, so that what was remitted before is made good in the next run.
"""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import Row, insert, text

from agency.kernel.ids import new_id
from agency.kernel.unit import AGENCY_ZONE, Unit
from agency.money import Money
from agency.remittance.models import SuccessFee
from agency.rules.fee_vat import fee_vat
from agency.rules.success_fee import success_fee
from agency.rules.trace import TraceLine, as_json

_HOME = "NL"

_UNPRICED = text(
    "SELECT p.id, p.claim_id, p.currency, p.to_creditor_minor, p.source, q.quote_id, q.fee_bps,"
    " q.minimum_minor, coalesce(q.facts->>'maximum_minor', '') AS maximum_minor,"
    " coalesce((SELECT sum(f.net_minor) FROM success_fee f WHERE f.creditor_id = p.creditor_id"
    "  AND f.claim_id = p.claim_id), 0)::bigint AS charged"
    " FROM payment p LEFT JOIN LATERAL (SELECT l.quote_id, l.fee_bps, l.minimum_minor, l.facts"
    "  FROM quote_line l JOIN quote u ON u.creditor_id = l.creditor_id AND u.id = l.quote_id"
    "  WHERE l.creditor_id = p.creditor_id AND l.claim_id = p.claim_id AND u.state = 'accepted'"
    "  AND l.outcome IS NULL"
    "  ORDER BY u.accepted_at DESC LIMIT 1) AS q ON true"
    " WHERE p.creditor_id = :c AND p.reversed_at IS NULL AND p.to_creditor_minor > 0"
    " AND NOT EXISTS (SELECT FROM success_fee f WHERE f.creditor_id = p.creditor_id"
    "  AND f.payment_id = p.id AND f.kind = 'fee')"
    " ORDER BY p.created_at, p.id"
)
_TAKE_BACK = text(
    "INSERT INTO success_fee (creditor_id, id, payment_id, claim_id, kind, quote_id, base_minor, fee_bps,"
    " net_minor, vat_minor, currency, earned_at, trace)"
    " SELECT f.creditor_id, uuidv7(), f.payment_id, f.claim_id, 'reversal', f.quote_id, -f.base_minor,"
    " f.fee_bps, -f.net_minor, -f.vat_minor, f.currency, :now, '[]' FROM success_fee f"
    " JOIN payment p ON p.creditor_id = f.creditor_id AND p.id = f.payment_id AND p.reversed_at IS NOT NULL"
    " WHERE f.creditor_id = :c AND f.kind = 'fee' AND NOT EXISTS (SELECT FROM success_fee r"
    "  WHERE r.creditor_id = f.creditor_id AND r.payment_id = f.payment_id AND r.kind = 'reversal')"
)


def charge_fees(unit: Unit, *, creditor_id: UUID) -> int:
    """This function will charge every payment that has no fee yet, and give back those of reversed ones.

    The base is what the creditor gets of a payment; what the agency keeps by contract bears no fee.

    :returns: how many payments were charged.
    """
    connection = unit.session.connection()
    connection.execute(_TAKE_BACK, {"c": creditor_id, "now": unit.now})
    rows = connection.execute(_UNPRICED, {"c": creditor_id}).all()
    percent, why = vat_on_fee(unit, creditor_id=creditor_id)
    fees = _fees(unit, creditor_id, rows, percent, why)
    if fees:
        connection.execute(insert(SuccessFee), fees)
    return len(fees)


def vat_on_fee(unit: Unit, *, creditor_id: UUID) -> tuple[Decimal, TraceLine]:
    """This function will return the VAT rate on the agency's fee and the reason.

    The general rate at home; a business in another member state with a VAT number accounts for it itself.
    """
    client = unit.session.connection().execute(
        text("SELECT country, vat_number FROM creditor WHERE id = :c"), {"c": creditor_id}
    )
    country, vat_number = client.one()
    vat = fee_vat(
        agency_country=_HOME,
        client_country=country,
        client_vat_number=vat_number or "",
        on=unit.now.astimezone(AGENCY_ZONE).date(),
    )
    return vat.percent, vat.line


def _fees(
    unit: Unit, creditor_id: UUID, rows: Sequence[Row[Any]], percent: Decimal, why: TraceLine
) -> list[dict[str, Any]]:
    charged: dict[UUID, int] = {}
    fees = []
    for row in rows:
        before = charged.setdefault(row.claim_id, row.charged)
        fee = success_fee(
            collected=Money(row.to_creditor_minor, row.currency),
            fee_bps=row.fee_bps or 0,
            vat_percent=percent,
            minimum_left=_left(row.minimum_minor, before, row.currency),
            maximum_left=_left(row.maximum_minor, before, row.currency),
        )
        charged[row.claim_id] += fee.net.minor
        fees.append(
            {
                "creditor_id": creditor_id,
                "id": new_id(),
                "payment_id": row.id,
                "claim_id": row.claim_id,
                "kind": "fee",
                "quote_id": row.quote_id,
                "base_minor": row.to_creditor_minor,
                "fee_bps": row.fee_bps or 0,
                "net_minor": fee.net.minor,
                "vat_minor": fee.vat.minor,
                "currency": row.currency,
                "earned_at": unit.now,
                "trace": as_json((*fee.trace, why)),
            }
        )
    return fees


def _left(agreed: int | str | None, charged: int, currency: str) -> Money | None:
    """Return what earlier fees of the claim left of an agreed minimum or maximum; None when none was."""
    return Money(max(0, int(agreed) - charged), currency) if agreed else None
