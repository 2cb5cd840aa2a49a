"""P6 of what people agreed and approved: shares as they were accepted, payouts that a second person approved,
files and accounts that nobody exchanged afterwards.

The audit log is a chain that cannot be written anew unseen (P10), so what was approved is held against it.
Which account a creditor without any change of account is paid on, only an earlier proof can tell.
"""

import json
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

from agency.banking.proof.checks import ROWS_SHOWN_MAX, Check, no_rows, none_may_differ, rows_of
from agency.banking.proof.horizon import Horizon
from agency.kernel.audit import fingerprint
from agency.kernel.unit import Unit
from agency.pricing.document import DamagedDocument, lines_of

# Money that comes before it is due is free, and an offer by phases has a share for each.
_FEES = """
    SELECT 'fee' AS what, f.creditor_id, f.id::text AS id, c.number AS text, f.fee_bps::bigint AS left_side,
      l.fee_bps::bigint AS right_side, '' AS currency
    FROM success_fee f JOIN quote_line l ON l.creditor_id = f.creditor_id AND l.quote_id = f.quote_id
      AND l.claim_id = f.claim_id
    LEFT JOIN claim c ON c.creditor_id = f.creditor_id AND c.id = f.claim_id
    WHERE f.kind IN ('fee', 'reversal') AND (age(f.xmin) <= :age OR age(l.xmin) <= :age)
      AND f.fee_bps NOT IN (0, l.fee_bps) AND NOT EXISTS (SELECT FROM offer_phase o
        WHERE o.creditor_id = f.creditor_id AND o.quote_id = f.quote_id AND o.claim_id = f.claim_id
          AND o.success_bps = f.fee_bps)
"""
_QUOTES = """
    SELECT DISTINCT q.creditor_id, q.id, q.number FROM quote_line l
    JOIN quote q ON q.creditor_id = l.creditor_id AND q.id = l.quote_id
    WHERE q.state = 'accepted' AND octet_length(q.document) > 0 AND age(l.xmin) <= :age ORDER BY q.number
"""
_QUOTE = "SELECT document FROM quote WHERE creditor_id = :creditor AND id = :quote"
_SHARES = """
    SELECT claim_id::text AS claim, fee_bps FROM quote_line
    WHERE creditor_id = :creditor AND quote_id = :quote
"""
# A state is set in a moment; who approved, and how much, stands in the chain.
_UNAPPROVED = """
    WITH approved AS (
      SELECT subject, by, (facts->>'net_minor')::bigint AS minor FROM audit_entry
      WHERE action = 'remittance.approved'
      UNION SELECT subject, by, (facts->>'amount_minor')::bigint FROM audit_entry
      WHERE action = 'refund.approved')
    SELECT 'run' AS what, r.creditor_id, r.id::text AS id, r.state || ' ' || r.cutoff_on AS text,
      r.net_minor AS left_side,
      (SELECT max(minor) FROM approved a WHERE a.subject = 'remittance_run:' || r.id) AS right_side,
      r.currency
    FROM remittance_run r WHERE r.state IN ('approved', 'exported', 'paid', 'returned') AND NOT EXISTS (
      SELECT FROM approved a WHERE a.subject = 'remittance_run:' || r.id AND a.by = r.approved_by
        AND a.minor = r.net_minor)
    UNION ALL SELECT 'refund', r.creditor_id, r.id::text, r.state, r.amount_minor,
      (SELECT max(minor) FROM approved a WHERE a.subject = 'refund:' || r.id), r.currency
    FROM refund r WHERE r.state IN ('approved', 'sending', 'exported', 'paid') AND NOT EXISTS (
      SELECT FROM approved a WHERE a.subject = 'refund:' || r.id AND a.by = r.approved_by
        AND a.minor = r.amount_minor)
"""
# Files of before this was noted are held against their own hash alone; what was erased is empty.
_FILES = """
    SELECT 'file' AS what, NULL::uuid AS creditor_id, f.id::text AS id, f.message_id AS text,
      f.total_minor AS left_side, (a.facts->>'total_minor')::bigint AS right_side, f.currency
    FROM remittance_file f JOIN audit_entry a ON a.action = 'payout_file.written'
      AND a.subject = 'remittance_file:' || f.id
    WHERE f.sha256 <> a.facts->>'sha256' OR f.total_minor <> (a.facts->>'total_minor')::bigint
    UNION ALL SELECT 'run', r.creditor_id, r.id::text, 'not what stands in its file', r.net_minor, NULL,
      r.currency
    FROM remittance_run r JOIN remittance_file f ON f.id = r.file_id
    WHERE octet_length(f.content) > 0 AND r.payee_iban IS NOT NULL
      AND (position(convert_to(r.payee_iban, 'UTF8') IN f.content) = 0
        OR position(convert_to(r.end_to_end, 'UTF8') IN f.content) = 0)
"""
# The latest change that is in force names the account; a refund's stood with it when it was approved.
_APPROVED_CHANGE = """
    LEFT JOIN LATERAL (SELECT a.iban, a.holder FROM creditor_account_change a
      WHERE a.creditor_id = c.id AND a.state = 'in_force'
      ORDER BY a.ended_at DESC, a.id DESC LIMIT 1) a ON true
"""
_ACCOUNTS = f"""
    SELECT 'creditor' AS what, c.id AS creditor_id, c.id::text AS id, 'account' AS text,
      NULL::bigint AS left_side, NULL::bigint AS right_side, '' AS currency
    FROM creditor c {_APPROVED_CHANGE}
    WHERE c.iban IS NOT NULL AND a.iban IS NOT NULL
      AND (c.iban, c.iban_holder) IS DISTINCT FROM (a.iban, a.holder)
    UNION ALL SELECT 'refund', r.creditor_id, r.id::text, 'account', NULL, NULL, ''
    FROM refund r JOIN LATERAL (SELECT a.facts->>'account' AS account FROM audit_entry a
      WHERE a.action = 'refund.approved' AND a.subject = 'refund:' || r.id
      ORDER BY a.seq DESC LIMIT 1) a ON true
    WHERE r.state IN ('approved', 'exported') AND r.iban <> '' AND a.account <> encode(sha256(
      convert_to(concat_ws('|', r.id, r.iban, r.holder), 'UTF8')), 'hex')
"""
_ACCOUNTS_KEPT = f"""
    SELECT 'creditor' AS what, c.id AS creditor_id, c.id::text AS id, 'account' AS text,
      NULL::bigint AS left_side, NULL::bigint AS right_side, '' AS currency
    FROM creditor c {_APPROVED_CHANGE}
    WHERE c.iban IS NOT NULL AND a.iban IS NULL AND CAST(:seen AS jsonb) ? c.id::text
      AND CAST(:seen AS jsonb)->>c.id::text <> encode(sha256(
        convert_to(concat_ws('|', c.id, c.iban, c.iban_holder), 'UTF8')), 'hex')
    ORDER BY c.id
"""
# What was approved is kept: taking the approval away too makes no other account the known one.
_SEEN = f"""
    SELECT c.id::text AS id, coalesce(a.iban, c.iban) AS iban,
      CASE WHEN a.iban IS NULL THEN c.iban_holder ELSE a.holder END AS holder
    FROM creditor c {_APPROVED_CHANGE} WHERE c.iban IS NOT NULL ORDER BY c.id
"""


def approved_is_what_leaves(unit: Unit, horizon: Horizon) -> list[Check]:
    """P6: shares are those that were accepted; payouts, refunds and their files those that were approved."""
    return [
        none_may_differ(unit, "P6", "fees that were not agreed so", _FEES, {"age": horizon.age}),
        no_rows("P6", "shares that are not those that were accepted", _changed(unit, horizon)),
        none_may_differ(unit, "P6", "payouts and refunds that nobody approved so", _UNAPPROVED),
        none_may_differ(unit, "P6", "payout files that are not those that were written", _FILES),
        none_may_differ(unit, "P6", "accounts that nobody approved", _ACCOUNTS),
    ]


def accounts_kept(unit: Unit, before: dict[str, Any]) -> tuple[Check, dict[str, str]]:
    """P6: a creditor whose account nobody ever asked to change is paid on the one that an earlier proof saw;
    returns what the next proof must find, a fingerprint per creditor."""
    seen = {"seen": json.dumps(before.get("accounts", {}))}
    label = "accounts that are not those of the last proof"
    return none_may_differ(unit, "P6", label, _ACCOUNTS_KEPT, seen, earlier=True), {
        row.id: fingerprint(row.id, row.iban, *([] if row.holder is None else [row.holder]))
        for row in rows_of(unit, _SEEN)
    }


def _changed(unit: Unit, horizon: Horizon) -> list[Any]:
    """The lines of accepted quotes that ask another share than the document which was accepted says."""
    found = [row for quote in rows_of(unit, _QUOTES, age=horizon.age) for row in _changed_lines(unit, quote)]
    return [SimpleNamespace(**row, differing=len(found)) for row in found[:ROWS_SHOWN_MAX]]


def _changed_lines(unit: Unit, quote: Any) -> Iterator[dict[str, Any]]:
    key = {"creditor": quote.creditor_id, "quote": quote.id}
    shares = {row.claim: row.fee_bps for row in rows_of(unit, _SHARES, **key)}
    [kept] = rows_of(unit, _QUOTE, **key)
    about = {"what": "quote", "creditor_id": quote.creditor_id, "id": quote.id, "currency": ""}
    try:
        for line in lines_of(bytes(kept.document)):
            # What an offer asks stands in its phases, not in the line.
            asked = shares.get(line["claim"])
            if "offer" not in line and asked is not None and asked != line["fee_bps"]:
                yield about | {"text": quote.number, "left_side": asked, "right_side": line["fee_bps"]}
    except DamagedDocument:
        yield about | {"text": f"{quote.number}: damaged", "left_side": None, "right_side": None}
