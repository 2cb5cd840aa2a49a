"""What became of a bank line, told with where it leads: a lump's payments, a payout, a refund, a return.

For a person who asks why a figure is what it is: the parts of a line add up to its amount.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from sqlalchemy import Row, text

from agency.kernel.ids import HOUSE
from agency.kernel.unit import Unit
from agency.money import Money

PARTS_SHOWN_MAX: Final = 500


@dataclass(frozen=True, slots=True)
class LumpPart:
    """One part of a lump of the payment provider: whose it is and on which claim; costs are on none."""

    kind: str
    provider_ref: str
    amount: Money
    creditor: str
    claim_number: str | None
    debtor: str | None


@dataclass(frozen=True, slots=True)
class LumpSum:
    """What all parts of one kind come to."""

    kind: str
    parts: int
    amount: Money


@dataclass(frozen=True, slots=True)
class Lead:
    """Where a line leads: a payout ("run"), a refund, or another line; `returned` says that it is the money
    of it that came back."""

    what: str
    creditor_id: UUID | None
    id: UUID
    name: str
    amount: Money
    returned: bool = False


_SUMS = text(
    "SELECT kind, count(*) AS parts, sum(amount_minor)::bigint AS minor, min(currency) AS currency"
    " FROM settlement_part WHERE line_id = :line GROUP BY kind ORDER BY kind = 'costs', kind DESC"
)
_PARTS = text(
    "SELECT p.kind, p.provider_ref, p.amount_minor, p.currency, k.name AS creditor, c.number,"
    " d.name AS debtor"
    " FROM settlement_part p JOIN creditor k ON k.id = p.creditor_id"
    " LEFT JOIN payment_intent i ON i.creditor_id = p.creditor_id AND i.provider_ref = p.provider_ref"
    " LEFT JOIN claim c ON c.creditor_id = i.creditor_id AND c.id = i.claim_id"
    " LEFT JOIN debtor d ON d.creditor_id = c.creditor_id AND d.id = c.debtor_id"
    " WHERE p.line_id = :line ORDER BY p.position LIMIT :limit"
)
# Lumps of before their parts were kept: what each creditor got of it, and the costs, as the ledger has it.
_OLDER = text(
    "SELECT CASE WHEN t.creditor_id = :house THEN 'costs' ELSE 'payment' END AS kind, '' AS provider_ref,"
    " sum(e.amount_minor)::bigint AS amount_minor, e.currency, k.name AS creditor, NULL AS number,"
    " NULL AS debtor"
    " FROM bank_line l JOIN ledger_transaction t ON t.kind = 'psp_settlement' AND t.book = 'trust'"
    "  AND t.effective_on = l.value_on AND t.memo <> '' AND strpos(l.text, t.memo) > 0"
    " JOIN ledger_entry e ON e.creditor_id = t.creditor_id AND e.transaction_id = t.id"
    "  AND e.account = 'trust.suspense' JOIN creditor k ON k.id = t.creditor_id"
    " WHERE l.id = :line GROUP BY 1, e.currency, k.name, t.creditor_id ORDER BY 1 DESC, k.name"
)
_LEADS = text(
    "WITH l AS (SELECT * FROM bank_line WHERE id = :line)"
    " SELECT 'run' AS what, r.creditor_id, r.id, k.name, r.net_minor AS minor, r.currency,"
    "  l.amount_minor > 0 AS returned"
    " FROM l JOIN remittance_run r ON l.end_to_end <> '' AND (r.end_to_end = l.end_to_end"
    "  OR l.end_to_end LIKE 'R' || upper(left(replace(r.id::text, '-', ''), 30)) || '%')"
    " JOIN creditor k ON k.id = r.creditor_id WHERE l.state IN ('payout', 'returned')"
    " UNION ALL SELECT 'refund', r.creditor_id, r.id, r.holder, r.amount_minor, r.currency,"
    "  l.amount_minor > 0"
    " FROM l JOIN refund r ON l.end_to_end <> '' AND r.end_to_end = l.end_to_end"
    " WHERE l.state IN ('refund', 'returned')"
    " UNION ALL SELECT 'refund', r.creditor_id, r.id, r.holder, r.amount_minor, r.currency, false"
    " FROM l JOIN refund r ON r.line_id = l.id WHERE r.state NOT IN ('cancelled', 'rejected')"
    # A payment that the bank took back: each of both lines leads to the other.
    " UNION ALL SELECT 'line', o.creditor_id, o.id, o.counterparty, o.amount_minor, o.currency,"
    "  l.amount_minor < 0"
    " FROM l JOIN audit_entry a ON a.action = 'bank_line.returned'"
    "  AND a.creditor_id = coalesce(l.creditor_id, :house)"
    "  AND (a.subject = 'bank_line:' || l.id OR a.facts->>'of' = l.id::text)"
    " JOIN bank_line o ON o.id::text IN (split_part(a.subject, ':', 2), a.facts->>'of') AND o.id <> l.id"
    " WHERE l.state = 'returned'"
)


def lump_sums(unit: Unit, *, line_id: UUID) -> list[LumpSum]:
    """This function will return what the payments, refunds, chargebacks and costs of a lump come to."""
    rows = unit.session.connection().execute(_SUMS, {"line": line_id})
    return [LumpSum(row.kind, row.parts, Money(row.minor, row.currency)) for row in rows]


def lump_parts(unit: Unit, *, line_id: UUID) -> list[LumpPart]:
    """This function will return a lump's parts, at most `PARTS_SHOWN_MAX`; of one that was booked before they
    were kept, each creditor's share."""
    connection = unit.session.connection()
    rows: Sequence[Row[tuple[object, ...]]] = connection.execute(
        _PARTS, {"line": line_id, "limit": PARTS_SHOWN_MAX}
    ).all()
    rows = rows or connection.execute(_OLDER, {"line": line_id, "house": HOUSE}).all()
    return [
        LumpPart(
            row.kind, row.provider_ref, Money(row.amount_minor, row.currency), row.creditor, row.number,
            row.debtor,
        )
        for row in rows
    ]  # fmt: skip


def leads_of(unit: Unit, *, line_id: UUID) -> list[Lead]:
    """This function will return where a line leads: the payout or refund that it is or brought back, or the
    line that it took back."""
    rows = unit.session.connection().execute(_LEADS, {"line": line_id, "house": HOUSE})
    return [
        Lead(row.what, row.creditor_id, row.id, row.name or "", Money(row.minor, row.currency), row.returned)
        for row in rows
    ]
