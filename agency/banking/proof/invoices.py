"""P11: what the agency's own books say of its invoices is what its invoices say.

The ledger is written when a payout is exported or a credit check is answered, the invoices by themselves. A
check that stands on no invoice yet was booked with its own VAT; on the invoice that of all lines together
counts, and the payout books the cent between both. What creditors paid on invoices stands in the ledger alone
and is held against what each of them asks.
"""

from typing import Any

from agency.banking.proof.checks import Check, none_may_differ, rows_of
from agency.kernel.unit import Unit

_SIDES = """
    WITH asked AS (
      SELECT creditor_id, currency, sign * (net_minor + vat_minor - settled_minor) AS receivable,
        sign * vat_minor AS vat, sign * net_minor AS income
      FROM (SELECT *, CASE kind WHEN 'invoice' THEN 1 ELSE -1 END AS sign FROM fee_invoice) AS i
      UNION ALL SELECT creditor_id, currency, price_minor + vat_minor, vat_minor, price_minor
      FROM credit_check k WHERE k.state = 'answered' AND k.price_minor > 0 AND NOT EXISTS (
        SELECT FROM success_fee f WHERE f.creditor_id = k.creditor_id AND f.cause_id = k.id
          AND f.kind = 'check' AND f.invoice_id IS NOT NULL)),
    booked AS (
      SELECT e.creditor_id, e.currency,
        sum(e.amount_minor) FILTER (WHERE e.account = 'agency.receivable'
          AND t.kind NOT IN ('invoice_paid', 'invoice_paid.reversal')) AS receivable,
        -sum(e.amount_minor) FILTER (WHERE e.account = 'agency.vat') AS vat,
        -sum(e.amount_minor) FILTER (WHERE e.account IN ('agency.fee_income', 'agency.credit_check_income'))
          AS income
      FROM ledger_entry e JOIN ledger_transaction t ON t.creditor_id = e.creditor_id
        AND t.id = e.transaction_id
      WHERE e.account IN ('agency.receivable', 'agency.vat', 'agency.fee_income',
        'agency.credit_check_income')
      GROUP BY 1, 2)
    SELECT coalesce(b.creditor_id, a.creditor_id) AS creditor_id,
      coalesce(b.currency, a.currency) AS currency,
      coalesce(b.receivable, 0)::bigint AS booked_receivable, coalesce(b.vat, 0)::bigint AS booked_vat,
      coalesce(b.income, 0)::bigint AS booked_income,
      coalesce(a.receivable, 0)::bigint AS asked_receivable, coalesce(a.vat, 0)::bigint AS asked_vat,
      coalesce(a.income, 0)::bigint AS asked_income
    FROM booked b FULL JOIN (SELECT creditor_id, currency, sum(receivable) AS receivable, sum(vat) AS vat,
      sum(income) AS income FROM asked GROUP BY 1, 2) a
      ON a.creditor_id = b.creditor_id AND a.currency = b.currency
"""
_UNEVEN = f"""
    SELECT 'creditor' AS what, creditor_id, creditor_id::text AS id,
      CASE WHEN booked_receivable <> asked_receivable THEN 'invoiced' WHEN booked_vat <> asked_vat THEN 'VAT'
        ELSE 'income' END AS text,
      CASE WHEN booked_receivable <> asked_receivable THEN booked_receivable
        WHEN booked_vat <> asked_vat THEN booked_vat ELSE booked_income END AS left_side,
      CASE WHEN booked_receivable <> asked_receivable THEN asked_receivable
        WHEN booked_vat <> asked_vat THEN asked_vat ELSE asked_income END AS right_side, currency
    FROM ({_SIDES}) AS sides WHERE (booked_receivable, booked_vat, booked_income)
      <> (asked_receivable, asked_vat, asked_income)
"""
# An invoice as it was issued: its bytes, the figures on its page, its payout's fees, numbers without gaps.
_ISSUED = """
    WITH marked AS (
      SELECT creditor_id, invoice_id, abs(sum(net_minor)) AS net, abs(sum(vat_minor)) AS vat
      FROM success_fee WHERE invoice_id IS NOT NULL GROUP BY 1, 2)
    SELECT 'invoice' AS what, i.creditor_id, i.id::text AS id,
      i.series || i.year || '-' || lpad(i.number::text, 5, '0') AS text,
      i.net_minor + i.vat_minor AS left_side, (m.net + m.vat)::bigint AS right_side, i.currency
    FROM fee_invoice i LEFT JOIN marked m ON m.creditor_id = i.creditor_id AND m.invoice_id = i.id
    WHERE (i.net_minor, i.vat_minor) IS DISTINCT FROM (m.net, m.vat)
      OR i.facts->'amounts' IS DISTINCT FROM to_jsonb(ARRAY[i.net_minor, i.vat_minor, i.settled_minor])
      OR i.sha256 <> encode(sha256(i.document), 'hex')
    UNION ALL SELECT 'series', NULL, s.series || s.year, 'numbers used, numbers given', count(i.id), s.latest,
      '' FROM invoice_series s LEFT JOIN fee_invoice i ON i.series = s.series AND i.year = s.year
    GROUP BY s.series, s.year, s.latest HAVING count(i.id) <> s.latest
      OR coalesce(max(i.number), 0) <> s.latest OR count(DISTINCT i.number) <> s.latest
    UNION ALL SELECT 'run', r.creditor_id, r.id::text, r.state || ' ' || r.cutoff_on, r.withheld_minor,
      coalesce(i.kept, 0)::bigint, r.currency
    FROM remittance_run r LEFT JOIN (SELECT creditor_id, run_id,
        sum(CASE kind WHEN 'invoice' THEN settled_minor ELSE -settled_minor END) AS kept
      FROM fee_invoice GROUP BY 1, 2) i ON i.creditor_id = r.creditor_id AND i.run_id = r.id
    WHERE r.mode <> 'own' AND r.state IN ('exported', 'paid', 'returned')
      AND r.withheld_minor <> coalesce(i.kept, 0)
"""
_PAID = """
    WITH paid AS (
      SELECT t.creditor_id, split_part(t.source_key, '#', 1) AS invoice, min(e.currency) AS currency,
        -sum(e.amount_minor) AS minor
      FROM ledger_transaction t JOIN ledger_entry e ON e.creditor_id = t.creditor_id
        AND e.transaction_id = t.id AND e.account = 'agency.receivable'
      WHERE t.kind IN ('invoice_paid', 'invoice_paid.reversal') GROUP BY 1, 2)
    SELECT 'invoice' AS what, p.creditor_id, p.invoice AS id,
      coalesce(i.series || i.year || '-' || lpad(i.number::text, 5, '0'), 'no such invoice') AS text,
      p.minor::bigint AS left_side,
      (CASE i.kind WHEN 'invoice' THEN 1 ELSE -1 END * (i.net_minor + i.vat_minor - i.settled_minor))::bigint
        AS right_side, p.currency
    FROM paid p LEFT JOIN fee_invoice i ON i.creditor_id = p.creditor_id AND i.id::text = p.invoice
    WHERE i.id IS NULL OR p.minor * CASE i.kind WHEN 'invoice' THEN 1 ELSE -1 END
      NOT BETWEEN 0 AND i.net_minor + i.vat_minor - i.settled_minor
"""
_LABELS = (
    ("receivable", "agency.receivable", "invoiced to creditors by our books", "asked on invoices, and for"
     " credit checks on none yet"),
    ("vat", "agency.vat", "VAT by our books", "VAT on invoices, and on credit checks on none yet"),
    ("income", "agency.fee_income", "fees by our books, without VAT", "fees on invoices, and credit checks on"
     " none yet, without VAT"),
)  # fmt: skip


def invoices_say_the_books(unit: Unit) -> list[Check]:
    """P11: for what creditors owe, VAT and income the ledger and the invoices say the same, in total and for
    each creditor; each invoice is as it was issued, and none was paid more than it asks."""
    sums = _sums(rows_of(unit, _SIDES))
    checks = [
        Check(
            key="P11",
            left_label=left,
            left=sides[f"booked_{figure}"],
            right_label=right,
            right=sides[f"asked_{figure}"],
            money=True,
            blocks=False,
            account=account,
            currency=currency,
        )
        for currency, sides in sorted(sums.items())
        for figure, account, left, right in _LABELS
    ]
    return [
        *checks,
        none_may_differ(
            unit, "P11", "creditors of whom books and invoices differ", _UNEVEN, blocks=False,
            account="agency.receivable",
        ),
        none_may_differ(unit, "P11", "invoices that are not as they were issued", _ISSUED, blocks=False),
        none_may_differ(
            unit, "P11", "invoices that were paid more than they ask", _PAID, blocks=False,
            account="agency.receivable",
        ),
    ]  # fmt: skip


def _sums(rows: list[Any]) -> dict[str, dict[str, int]]:
    """Each currency's figures; the euro's also where nothing was invoiced yet."""
    figures = [f"{side}_{figure}" for side in ("booked", "asked") for figure, *_ in _LABELS]
    sums = {currency: dict.fromkeys(figures, 0) for currency in {"EUR", *(row.currency for row in rows)}}
    for row in rows:
        for figure in figures:
            sums[row.currency][figure] += getattr(row, figure)
    return sums
