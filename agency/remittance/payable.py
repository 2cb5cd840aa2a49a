"""What a creditor has coming up to a cut-off: its terms, its fees, and whether it is its day."""

import json
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import text

from agency.kernel.unit import AGENCY_ZONE, Unit, agency_day
from agency.money import Money
from agency.parties.models import CreditorTerms, RemittanceMode
from agency.parties.terms import NoTerms, terms_on
from agency.remittance.fees import charge_fees
from agency.rules.payout import PayoutCycle, PayoutSplit, PayoutTerms, checks_due, payout_due, split_payout
from agency.rules.trace import TraceLine, as_json
from agency.rules.vat_rounding import vat_corrections

_CURRENCY = "EUR"

# Client money is paid out once the bank has it: what the payment provider still holds waits for its lump.
_COMING = (
    "f.creditor_id = :c AND f.run_id IS NULL AND f.earned_at < :before AND f.currency = 'EUR'"
    " AND (f.kind = 'check' OR NOT :checks_only)"
    " AND NOT EXISTS (SELECT FROM payment w JOIN payment_intent i ON i.creditor_id = w.creditor_id"
    "  AND i.provider_ref = split_part(w.source_key, '#', 1) WHERE w.creditor_id = f.creditor_id"
    "  AND w.id = f.payment_id AND w.source = 'psp' AND i.arrived_on IS NULL)"
)
# Until the payout is drafted, none of it arrives: its sums and its rows are found by statements of their own.
_LOCK = text(
    "SELECT FROM payment_intent WHERE creditor_id = :c AND state = 'paid' AND arrived_on IS NULL"
    " ORDER BY creditor_id, id FOR SHARE"
)
_SUMS = text(
    "SELECT coalesce(sum(f.base_minor) FILTER (WHERE p.source <> 'direct'), 0)::bigint AS collected,"
    " coalesce(sum(f.net_minor), 0)::bigint AS fee, coalesce(sum(f.vat_minor), 0)::bigint AS vat,"
    " coalesce(sum(f.net_minor + f.vat_minor) FILTER (WHERE p.source <> 'direct'), 0)::bigint"
    "  AS on_collected, count(*) FILTER (WHERE f.kind <> 'check') AS others, count(*) AS rows"
    " FROM success_fee f LEFT JOIN payment p ON p.creditor_id = f.creditor_id AND p.id = f.payment_id"
    f" WHERE {_COMING}"
)
_OLDEST_CHECK = text(f"SELECT min(f.earned_at) FROM success_fee f WHERE {_COMING}")
# The documents that the rows will stand on: fees on an invoice, what is given back on a credit note.
_DOCUMENTS = text(
    "SELECT kind = 'reversal' AS credit, vat_percent, vat_category, sum(net_minor)::bigint AS net,"
    f" sum(vat_minor)::bigint AS vat FROM success_fee f WHERE {_COMING} GROUP BY 1, 2, 3"
)
_OF_DOCUMENT = text(
    f"SELECT id, net_minor, vat_minor FROM success_fee f WHERE {_COMING} AND (kind = 'reversal') = :credit"
    " AND vat_percent = :percent AND vat_category = :category AND net_minor <> 0 ORDER BY id"
)
_HOLD = text(f"UPDATE success_fee f SET run_id = :run WHERE {_COMING}")
_CORRECT = text(
    "UPDATE success_fee f SET vat_minor = f.vat_minor + x.cents, trace = f.trace || x.line"
    " FROM jsonb_to_recordset(CAST(:corrections AS jsonb)) AS x(id uuid, cents bigint, line jsonb)"
    " WHERE f.creditor_id = :c AND f.id = x.id"
)


@dataclass(frozen=True, slots=True)
class Payable:
    """What one payout is made of; amounts in minor units of euro. `before` bounds the fee rows in it, and
    `checks_only` says that of these it settles the credit checks alone."""

    mode: RemittanceMode
    collected: int
    fee: int
    vat: int
    split: PayoutSplit
    before: datetime
    checks_only: bool = False


def find_payable(unit: Unit, *, creditor_id: UUID, cutoff_on: date, last_on: date | None) -> Payable | None:
    """This function will charge what was not charged yet and return what a creditor has coming, if it is due.

    Credit checks go with whatever else is due; what no payout took along in its month is invoiced alone.

    :param last_on: the cut-off of its latest payout that was more than credit checks.
    :returns: None when nothing is due: no money, a shortfall, not its day, or less than the agreed least.
    """
    charge_fees(unit, creditor_id=creditor_id)
    unit.session.connection().execute(_LOCK, {"c": creditor_id})
    before = datetime.combine(cutoff_on, time.max, AGENCY_ZONE)
    mode, terms = _terms(unit, creditor_id, cutoff_on)
    found = _sums(unit, creditor_id, mode, before)
    if found is None or not payout_due(terms, cutoff_on=cutoff_on, last_on=last_on, payable=found.split.net):
        return _overdue_checks(unit, creditor_id, mode, cutoff_on, before)
    _round_vat(unit, _whose(creditor_id, before))
    return _sums(unit, creditor_id, mode, before)


def _overdue_checks(
    unit: Unit, creditor_id: UUID, mode: RemittanceMode, cutoff_on: date, before: datetime
) -> Payable | None:
    whose = _whose(creditor_id, before, checks_only=True)
    oldest: datetime | None = unit.session.connection().execute(_OLDEST_CHECK, whose).scalar_one()
    if oldest is None or not checks_due(checked_on=agency_day(oldest), cutoff_on=cutoff_on):
        return None
    _round_vat(unit, whose)
    return _sums(unit, creditor_id, mode, before, checks_only=True)


def _whose(creditor_id: UUID, before: datetime, *, checks_only: bool = False) -> dict[str, Any]:
    return {"c": creditor_id, "before": before, "checks_only": checks_only}


def hold_for_run(unit: Unit, *, creditor_id: UUID, run_id: UUID, payable: Payable) -> None:
    """This function will put the fee rows that a payable amount is made of into a payout."""
    whose = _whose(creditor_id, payable.before, checks_only=payable.checks_only)
    unit.session.connection().execute(_HOLD, whose | {"run": run_id})


def _sums(
    unit: Unit, creditor_id: UUID, mode: RemittanceMode, before: datetime, *, checks_only: bool = False
) -> Payable | None:
    whose = _whose(creditor_id, before, checks_only=checks_only)
    row = unit.session.connection().execute(_SUMS, whose).one()
    if not row.rows or not (row.others or checks_only):
        return None
    gross = row.fee + row.vat
    split = split_payout(
        mode=mode.value,
        collected=Money(row.collected, _CURRENCY),
        fee_on_collected=Money(row.on_collected, _CURRENCY),
        fee_on_direct=Money(gross - row.on_collected, _CURRENCY),
    )
    if split is None or (not split.net and not row.fee):
        return None
    return Payable(mode, row.collected, row.fee, row.vat, split, before, checks_only)


def _terms(unit: Unit, creditor_id: UUID, on: date) -> tuple[RemittanceMode, PayoutTerms]:
    try:
        agreed = terms_on(unit, creditor_id=creditor_id, on=on)
    except NoTerms:
        agreed = CreditorTerms(creditor_id=creditor_id, created_at=unit.now, valid_from=on)
    return RemittanceMode(agreed.remittance_mode), PayoutTerms(
        PayoutCycle(agreed.payout_cycle), agreed.payout_day, Money(agreed.payout_from_minor, _CURRENCY)
    )


def _round_vat(unit: Unit, whose: dict[str, Any]) -> None:
    """Let the VAT of the rows add up to the VAT of the documents that they will stand on."""
    connection = unit.session.connection()
    for document in connection.execute(_DOCUMENTS, whose).all():
        which = {
            "credit": document.credit,
            "percent": document.vat_percent,
            "category": document.vat_category,
        }
        rows = connection.execute(_OF_DOCUMENT, whose | which).all()
        if not rows:
            continue
        corrections = vat_corrections(
            nets=[Money(row.net_minor, _CURRENCY) for row in rows],
            vats=[Money(row.vat_minor, _CURRENCY) for row in rows],
            percent=Decimal(document.vat_percent),
        )
        changed = [_correction(row.id, cents) for row, cents in zip(rows, corrections, strict=True) if cents]
        if changed:
            connection.execute(_CORRECT, {"c": whose["c"], "corrections": json.dumps(changed)})


def _correction(row_id: UUID, cents: Money) -> dict[str, Any]:
    line = TraceLine("fee.vat", "2026-11-01", "EN 16931, BR-CO-17", {}, "fee.vat_rounding", cents)
    return {"id": str(row_id), "cents": cents.minor, "line": as_json((line,))}
