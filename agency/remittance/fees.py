"""The success fee on each payment, by the quote line that was in force when the money came: nothing
collected, nothing charged.

A fee is a row of its own beside the payment, with its trace; a payment that was taken back gets the same
row with the signs turned, so that what was remitted before is made good in the next run. A claim that its
creditor takes back costs what the terms say, once.
"""

import json
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, text

from agency.kernel.ids import new_id
from agency.kernel.unit import Unit, agency_day
from agency.money import Money
from agency.remittance.withdrawing import WITHDRAWN_BY_CREDITOR
from agency.rules.fee_agreement import check_fee, free_demand_fee, offer_fee, withdrawal_fee
from agency.rules.fee_vat import FeeVat, fee_vat
from agency.rules.success_fee import SuccessFee as Fee
from agency.rules.success_fee import success_fee
from agency.rules.trace import as_json

_HOME = "NL"

CHECK_NUMBER: Final = "upper(right(replace(k.id::text, '-', ''), 8))"
"""The number of a row `k` of `credit_check`, as `CreditCheck.number` gives it, as an expression of SQL."""

UNCHARGED_CHECK: Final = (
    "k.state = 'answered' AND k.price_minor > 0 AND NOT EXISTS (SELECT FROM success_fee f"
    " WHERE f.creditor_id = k.creditor_id AND f.cause_id = k.id)"
)
"""Whether a row `k` of `credit_check` costs something and has no fee row yet, as an expression of SQL."""

# Money that is booked on a later day than its value was received by the end of that day.
_RECEIVED = "least(p.created_at, (p.value_on + 1)::timestamp AT TIME ZONE 'Europe/Amsterdam')"


def _agreed(moment: str) -> str:
    """The agreement of a claim at a moment: the accepted line in force, `q`, with the terms of the day when
    its placement was accepted. Before the first acceptance the first line counts too."""
    accepted = (
        " FROM quote_line l JOIN quote u ON u.creditor_id = l.creditor_id AND u.id = l.quote_id"
        " WHERE l.creditor_id = c.creditor_id AND l.claim_id = c.id AND u.state = 'accepted'"
        " AND l.outcome IS NULL"
    )
    in_force = f"{accepted} AND (u.claim_id IS NULL OR u.accepted_at <= {moment})"
    return (
        " LEFT JOIN LATERAL (SELECT l.quote_id, l.fee_bps, l.minimum_minor, l.facts->>'maximum_minor' AS"
        f" maximum_minor{in_force} ORDER BY u.accepted_at DESC, u.id DESC LIMIT 1) AS q ON true"
        " LEFT JOIN LATERAL (SELECT max((l.facts->>'maximum_minor')::bigint) AS dearest_minor,"
        " (min(u.accepted_at) FILTER (WHERE u.claim_id IS NULL) AT TIME ZONE 'Europe/Amsterdam')::date"
        f" AS accepted_on{in_force}) AS a ON true"
        " LEFT JOIN LATERAL (SELECT t.free_demand_days, t.withdrawal_bps, t.withdrawal_minimum_minor"
        "  FROM creditor_terms t WHERE t.creditor_id = c.creditor_id AND t.valid_from <= a.accepted_on"
        "  ORDER BY t.valid_from DESC LIMIT 1) AS t ON true"
    )


_UNPRICED = text(
    "SELECT p.id, p.claim_id, p.currency, p.to_creditor_minor, p.value_on, q.quote_id,"
    " coalesce(o.success_bps, q.fee_bps) AS fee_bps, q.minimum_minor, a.accepted_on, q.maximum_minor,"
    " a.dearest_minor,"
    " coalesce(t.free_demand_days, 0) AS free_demand_days, f.charged, f.by_line"
    " FROM payment p JOIN claim c ON c.creditor_id = p.creditor_id AND c.id = p.claim_id"
    + _agreed(_RECEIVED)
    # Of an offer by phase, the share of the phase that had begun when the money came.
    + " LEFT JOIN LATERAL (SELECT o.success_bps FROM offer_phase o WHERE o.creditor_id = p.creditor_id"
    f"  AND o.quote_id = q.quote_id AND o.claim_id = p.claim_id AND o.started_at <= {_RECEIVED}"
    "  ORDER BY o.started_at DESC LIMIT 1) o ON true"
    " CROSS JOIN LATERAL (SELECT coalesce(sum(f.net_minor), 0)::bigint AS charged,"
    "  coalesce(sum(f.net_minor) FILTER (WHERE f.quote_id = q.quote_id), 0)::bigint AS by_line"
    "  FROM success_fee f WHERE f.creditor_id = p.creditor_id AND f.claim_id = p.claim_id"
    "  AND f.payment_id IS NOT NULL) f"
    " WHERE p.creditor_id = :c AND p.reversed_at IS NULL AND p.to_creditor_minor > 0"
    " AND NOT EXISTS (SELECT FROM success_fee f WHERE f.creditor_id = p.creditor_id"
    "  AND f.payment_id = p.id AND f.kind = 'fee')"
    " ORDER BY p.created_at, p.id"
)
_WITHDRAWN = text(
    "SELECT c.id AS claim_id, c.currency, q.quote_id, t.withdrawal_bps, t.withdrawal_minimum_minor,"
    # What was open when it was taken back, as its creditor was shown: a payment may be taken back later.
    " coalesce((SELECT sum(e.amount_minor) FROM ledger_entry e JOIN ledger_transaction t"
    "  ON t.creditor_id = e.creditor_id AND t.id = e.transaction_id AND t.at <= c.closed_at"
    "  WHERE e.creditor_id = c.creditor_id"
    "  AND e.claim_id = c.id AND e.account = 'claims.principal'), 0)::bigint AS open_minor"
    " FROM claim c"
    + _agreed("c.closed_at")
    + " WHERE c.creditor_id = :c AND c.state = 'withdrawn' AND c.close_code = :code"
    " AND q.quote_id IS NOT NULL AND (t.withdrawal_bps > 0 OR t.withdrawal_minimum_minor > 0)"
    " AND NOT EXISTS (SELECT FROM success_fee f WHERE f.creditor_id = c.creditor_id AND f.claim_id = c.id"
    "  AND f.kind = 'withdrawal') ORDER BY c.id"
)
# What an offer asks beside a share of the money: the amounts of phases that began, and booked hours.
_DUE = text(
    "SELECT o.id, 'flat' AS kind, o.quote_id, o.claim_id, o.phase, o.flat_minor AS net_minor, o.currency,"
    " 0 AS minutes, o.started_at AS due_at FROM offer_phase o WHERE o.creditor_id = :c AND o.flat_minor > 0"
    " AND NOT EXISTS (SELECT FROM success_fee f WHERE f.creditor_id = o.creditor_id AND f.cause_id = o.id)"
    " UNION ALL SELECT h.id, 'hours', h.quote_id, h.claim_id, h.phase, h.net_minor, h.currency, h.minutes,"
    " h.booked_at FROM booked_hours h WHERE h.creditor_id = :c AND h.taken_back_at IS NULL"
    " AND h.net_minor > 0 AND NOT EXISTS (SELECT FROM success_fee f WHERE f.creditor_id = h.creditor_id"
    "  AND f.cause_id = h.id) ORDER BY due_at, id"
)
# Booked when they were answered, with the VAT of that day; here they get their place on an invoice.
_CHECKS = text(
    "SELECT k.id, k.price_minor, k.vat_minor, k.currency, k.vat_percent, k.vat_category, k.answered_at,"
    f" {CHECK_NUMBER} AS number FROM credit_check k WHERE k.creditor_id = :c AND {UNCHARGED_CHECK}"
    " ORDER BY k.answered_at, k.id"
)
_TAKE_BACK = text(
    "INSERT INTO success_fee (creditor_id, id, payment_id, claim_id, kind, quote_id, base_minor, fee_bps,"
    " net_minor, vat_minor, currency, earned_at, vat_percent, vat_category, trace)"
    " SELECT f.creditor_id, uuidv7(), f.payment_id, f.claim_id, 'reversal', f.quote_id, -f.base_minor,"
    " f.fee_bps, -f.net_minor, -f.vat_minor, f.currency, :now, f.vat_percent, f.vat_category, '[]'"
    " FROM success_fee f"
    " JOIN payment p ON p.creditor_id = f.creditor_id AND p.id = f.payment_id AND p.reversed_at IS NOT NULL"
    " WHERE f.creditor_id = :c AND f.kind = 'fee' AND NOT EXISTS (SELECT FROM success_fee r"
    "  WHERE r.creditor_id = f.creditor_id AND r.payment_id = f.payment_id AND r.kind = 'reversal')"
)

_CHARGE = text(
    "INSERT INTO success_fee (creditor_id, id, payment_id, claim_id, kind, quote_id, base_minor, fee_bps,"
    " net_minor, vat_minor, currency, earned_at, vat_percent, vat_category, trace, cause_id)"
    " SELECT :c, f.id, f.payment_id, f.claim_id, f.kind, f.quote_id, f.base_minor, f.fee_bps, f.net_minor,"
    " f.vat_minor, f.currency, coalesce(f.earned_at, :now), f.vat_percent, f.vat_category, f.trace,"
    " f.cause_id"
    " FROM jsonb_to_recordset(CAST(:fees AS jsonb)) AS f(id uuid, payment_id uuid, claim_id uuid, kind text,"
    "  quote_id uuid, base_minor bigint, fee_bps int, net_minor bigint, vat_minor bigint, currency text,"
    "  vat_percent text, vat_category text, trace jsonb, cause_id uuid, earned_at timestamptz)"
)


def charge_fees(unit: Unit, *, creditor_id: UUID) -> int:
    """This function will charge every payment that has no fee yet, and give back those of reversed ones.

    The base is what the creditor gets of a payment; what the agency keeps by contract bears no fee. Claims
    that the creditor took back are charged beside them, the amounts and hours of their offers, and credit
    checks.

    :returns: how many payments, withdrawals, phases, bookings of hours and checks were charged.
    """
    connection = unit.session.connection()
    connection.execute(_TAKE_BACK, {"c": creditor_id, "now": unit.now})
    rows = connection.execute(_UNPRICED, {"c": creditor_id}).all()
    withdrawn = connection.execute(_WITHDRAWN, {"c": creditor_id, "code": WITHDRAWN_BY_CREDITOR}).all()
    due = connection.execute(_DUE, {"c": creditor_id}).all()
    fees = _checks(connection.execute(_CHECKS, {"c": creditor_id}).all())
    if rows or withdrawn or due:
        vat = vat_on_fee(unit, creditor_id=creditor_id)
        fees += _fees(rows, vat) + _withdrawals(withdrawn, vat) + _by_offer(due, vat)
    if fees:
        connection.execute(_CHARGE, {"fees": json.dumps(fees), "c": creditor_id, "now": unit.now})
    return len(fees)


def vat_on_fee(unit: Unit, *, creditor_id: UUID) -> FeeVat:
    """This function will return the VAT on the agency's fee and the reason.

    The general rate at home; a business in another member state with a VAT number accounts for it itself.
    """
    client = unit.session.connection().execute(
        text("SELECT country, vat_number FROM creditor WHERE id = :c"), {"c": creditor_id}
    )
    country, vat_number = client.one()
    return fee_vat(
        agency_country=_HOME, client_country=country, client_vat_number=vat_number or "", on=unit.today
    )


def _fees(rows: Sequence[Row[Any]], vat: FeeVat) -> list[dict[str, Any]]:
    charged: dict[UUID, int] = {}
    by_line: dict[tuple[UUID, UUID | None], int] = {}
    fees = []
    for row in rows:
        line = (row.claim_id, row.quote_id)
        before, of_line = charged.setdefault(row.claim_id, row.charged), by_line.setdefault(line, row.by_line)
        collected = Money(row.to_creditor_minor, row.currency)
        free = _free(row, collected)
        fee = free or success_fee(
            collected=collected,
            fee_bps=row.fee_bps or 0,
            vat_percent=vat.percent,
            # A minimum goes with a share: a phase that is not done by result has none.
            minimum_left=_left(row.minimum_minor, before, row.currency) if row.fee_bps else None,
            maximum_left=_maximum_left(row, before, of_line),
        )
        charged[row.claim_id] += fee.net.minor
        by_line[line] += fee.net.minor
        facts = {
            "payment_id": str(row.id),
            "kind": "fee",
            "base_minor": row.to_creditor_minor,
            "fee_bps": 0 if free else row.fee_bps or 0,
        }
        fees.append(facts | _row(row, fee, vat))
    return fees


def _maximum_left(row: Row[Any], charged: int, by_line: int) -> Money | None:
    """Return what is left of the line's maximum for what it prices itself, and in all of the dearest one that
    was agreed so far; None when none was."""
    own = _left(row.maximum_minor, by_line, row.currency)
    whole = _left(row.dearest_minor, charged, row.currency)
    return min(own, whole) if own is not None and whole is not None else own


def _free(row: Row[Any], collected: Money) -> Fee | None:
    accepted_on: date | None = row.accepted_on
    if accepted_on is None:
        return None
    return free_demand_fee(
        collected=collected, accepted_on=accepted_on, paid_on=row.value_on, days=row.free_demand_days
    )


def _withdrawals(rows: Sequence[Row[Any]], vat: FeeVat) -> list[dict[str, Any]]:
    fees = []
    for row in rows:
        fee = withdrawal_fee(
            open_amount=Money(row.open_minor, row.currency),
            bps=row.withdrawal_bps,
            minimum=Money(row.withdrawal_minimum_minor, row.currency),
            vat_percent=vat.percent,
        )
        if fee is None:
            continue
        facts = {"payment_id": None, "kind": "withdrawal", "base_minor": 0, "fee_bps": row.withdrawal_bps}
        fees.append(facts | _row(row, fee, vat))
    return fees


def _by_offer(rows: Sequence[Row[Any]], vat: FeeVat) -> list[dict[str, Any]]:
    fees = []
    for row in rows:
        fee = offer_fee(
            kind=row.kind, net=Money(row.net_minor, row.currency), phase=row.phase, minutes=row.minutes,
            vat_percent=vat.percent,
        )  # fmt: skip
        facts = {"payment_id": None, "kind": row.kind, "base_minor": 0, "fee_bps": 0, "cause_id": str(row.id)}
        fees.append(facts | _row(row, fee, vat))
    return fees


def _checks(rows: Sequence[Row[Any]]) -> list[dict[str, Any]]:
    return [
        {
            "id": str(new_id()), "payment_id": None, "claim_id": None, "kind": "check", "quote_id": None,
            "base_minor": 0, "fee_bps": 0, "net_minor": row.price_minor, "vat_minor": row.vat_minor,
            "currency": row.currency, "vat_percent": row.vat_percent, "vat_category": row.vat_category,
            "cause_id": str(row.id), "earned_at": row.answered_at.isoformat(),
            "trace": as_json(
                check_fee(
                    net=Money(row.price_minor, row.currency),
                    vat=Money(row.vat_minor, row.currency),
                    vat_percent=Decimal(row.vat_percent),
                    number=row.number,
                    on=agency_day(row.answered_at),
                ).trace
            ),
        }
        for row in rows
    ]  # fmt: skip


def _row(row: Row[Any], fee: Fee, vat: FeeVat) -> dict[str, Any]:
    return {
        "id": str(new_id()),
        "claim_id": str(row.claim_id),
        "quote_id": str(row.quote_id) if row.quote_id else None,
        "net_minor": fee.net.minor,
        "vat_minor": fee.vat.minor,
        "currency": row.currency,
        "vat_percent": str(vat.percent),
        "vat_category": vat.category,
        "trace": as_json((*fee.trace, vat.line)),
    }


def _left(agreed: int | str | None, charged: int, currency: str) -> Money | None:
    """Return what earlier fees of the claim left of an agreed minimum or maximum; None when none was."""
    return Money(max(0, int(agreed) - charged), currency) if agreed else None
