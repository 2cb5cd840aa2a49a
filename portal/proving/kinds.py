"""Kinds of sabotage: what somebody with every right over the database could do to the books, as SQL.

Each is done with triggers and foreign keys asleep (`session_replication_role`), as a superuser can.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Sabotage:
    """One kind: what is done, in the statements that do it; the first must change something."""

    name: str
    statements: tuple[str, ...]


def _one(table: str, where: str = "true", order: str = "1") -> str:
    """A row of a table to lay hands on, by its physical place."""
    return f"ctid = (SELECT ctid FROM {table} WHERE {where} ORDER BY {order} LIMIT 1)"


def _update(table: str, change: str, where: str) -> str:
    return f"UPDATE {table} SET {change} WHERE {where}"


_ENTRY = _one("ledger_entry", "account = 'trust.creditor'", "transaction_id")
_PAYMENT_TRANSACTION = (
    "(creditor_id, {id}) = (SELECT creditor_id, id FROM ledger_transaction WHERE kind = 'payment'"
    " AND book = 'trust' ORDER BY id LIMIT 1)"
)
_OF_PAYMENT = _PAYMENT_TRANSACTION.format(id="transaction_id")
_UNPAID_OPENING = (
    "(SELECT t.id FROM ledger_transaction t WHERE t.kind = 'opening' AND NOT EXISTS (SELECT FROM payment p"
    " WHERE 'claim:' || p.claim_id = t.source_key) ORDER BY t.id LIMIT 1)"
)
_MIDDLE = "SELECT id FROM bank_statement ORDER BY closes_on OFFSET 1 LIMIT 1"
_ANOTHER = "(SELECT c.id FROM creditor c WHERE c.id <> ledger_entry.creditor_id ORDER BY c.id DESC LIMIT 1)"
_PAID_CLAIM = "(SELECT p.claim_id FROM payment p ORDER BY p.id LIMIT 1)"
_ACTIVE = _one("claim", "state = 'active'", "id")
_LINE = _one("bank_line", "amount_minor > 0", "booked_on, id")

_HASH = "encode(sha256({content}), 'hex')"
_FEE = _one("success_fee", "kind = 'fee' AND invoice_id IS NOT NULL", "id")
_UNCHARGED = _one(
    "quote_line",
    "NOT EXISTS (SELECT FROM success_fee f WHERE f.creditor_id = quote_line.creditor_id"
    " AND f.claim_id = quote_line.claim_id)",
    "claim_id",
)
_INVOICE = _one("fee_invoice", "kind = 'invoice'", "id")
# Two creditors, and the bank payments of one that the other shall have.
_TWO = (
    "CREATE TEMP TABLE two ON COMMIT DROP AS SELECT p.creditor_id AS victim, p.id AS payment_id, p.claim_id,"
    " p.transaction_id, p.source || ':' || p.source_key AS source_key, p.source_key AS line,"
    " c.creditor_id AS thief, c.id AS other_claim"
    " FROM payment p JOIN claim c ON c.creditor_id <> p.creditor_id WHERE p.reversed_at IS NULL"
    " ORDER BY p.id, c.id LIMIT 1"
)

KINDS: tuple[Sabotage, ...] = (
    Sabotage(
        "the amount of an entry changed",
        (_update("ledger_entry", "amount_minor = amount_minor + 1", _ENTRY),),
    ),
    Sabotage(
        "both sides of a transaction made larger",
        (_update("ledger_entry", "amount_minor = amount_minor * 2", _OF_PAYMENT),),
    ),
    Sabotage("an entry deleted", (f"DELETE FROM ledger_entry WHERE {_ENTRY}",)),
    Sabotage(
        "a transaction deleted with all its entries",
        (
            "CREATE TEMP TABLE gone ON COMMIT DROP AS SELECT id FROM ledger_transaction"
            " WHERE kind = 'crystallisation' ORDER BY id LIMIT 1",
            "DELETE FROM ledger_entry WHERE transaction_id IN (SELECT id FROM gone)",
            "DELETE FROM ledger_transaction WHERE id IN (SELECT id FROM gone)",
        ),
    ),
    Sabotage(
        "an entry moved to another account", (_update("ledger_entry", "account = 'trust.agency'", _ENTRY),)
    ),
    Sabotage(
        "the currency of a transaction changed", (_update("ledger_entry", "currency = 'USD'", _OF_PAYMENT),)
    ),
    Sabotage(
        "the day of a transaction changed",
        (
            _update(
                "ledger_transaction", "effective_on = effective_on - 30", _PAYMENT_TRANSACTION.format(id="id")
            ),
        ),
    ),
    Sabotage(
        "a transaction booked twice",
        (
            "CREATE TEMP TABLE twice ON COMMIT DROP AS SELECT creditor_id, id, uuidv7() AS fresh"
            " FROM ledger_transaction WHERE kind = 'payment' AND book = 'trust' ORDER BY id LIMIT 1",
            "INSERT INTO ledger_transaction (creditor_id, id, book, kind, source_key, content_sha256,"
            " booked_on, effective_on, at, by, memo) SELECT t.creditor_id, w.fresh, t.book, t.kind,"
            " t.source_key || '-2', t.content_sha256,"
            " t.booked_on, t.effective_on, t.at, t.by, t.memo"
            " FROM ledger_transaction t JOIN twice w ON w.id = t.id",
            "INSERT INTO ledger_entry (creditor_id, transaction_id, line, account, amount_minor, currency,"
            " claim_id) SELECT e.creditor_id, w.fresh, e.line, e.account, e.amount_minor, e.currency,"
            " e.claim_id FROM ledger_entry e JOIN twice w ON w.id = e.transaction_id",
        ),
    ),
    Sabotage(
        "the link of a reversal broken",
        ("UPDATE ledger_transaction SET reverses_id = NULL WHERE reverses_id IS NOT NULL",),
    ),
    Sabotage(
        "an entry given to another creditor",
        (_update("ledger_entry", f"creditor_id = {_ANOTHER}", _ENTRY),),
    ),
    Sabotage(
        "a claim's opening given to another claim",
        (_update("ledger_entry", f"claim_id = {_PAID_CLAIM}", f"transaction_id = {_UNPAID_OPENING}"),),
    ),
    Sabotage(
        "a cent more owed to creditors than is in trust",
        (_update("ledger_entry", "amount_minor = amount_minor - 1", _ENTRY),),
    ),
    Sabotage(
        "the amount of a bank line edited", (_update("bank_line", "amount_minor = amount_minor + 1", _LINE),)
    ),
    Sabotage("a bank line deleted", (f"DELETE FROM bank_line WHERE {_LINE}",)),
    Sabotage(
        "a bank line added that the bank never sent",
        (
            "INSERT INTO bank_line SELECT (jsonb_populate_record(l, jsonb_build_object('id', uuidv7(),"
            " 'line_key', l.line_key || '-2', 'entry_key', l.entry_key || '-2', 'state', 'suspense'))).*"
            " FROM bank_line l WHERE amount_minor > 0"
            " ORDER BY booked_on, id LIMIT 1",
        ),
    ),
    Sabotage(
        "a bank line moved to another statement",
        (_update("bank_line", f"statement_id = ({_MIDDLE})", _LINE),),
    ),
    Sabotage(
        "the closing balance of a statement changed",
        (_update("bank_statement", "closing_minor = closing_minor - 1", f"id = ({_MIDDLE})"),),
    ),
    Sabotage(
        "a statement deleted with its lines",
        (
            f"DELETE FROM bank_line WHERE statement_id = ({_MIDDLE})",
            f"DELETE FROM bank_statement WHERE id = ({_MIDDLE})",
        ),
    ),
    Sabotage(
        "a payment shows another amount",
        (_update("payment", "to_creditor_minor = to_creditor_minor + 1", _one("payment")),),
    ),
    Sabotage("a payment deleted", (f"DELETE FROM payment WHERE {_one('payment', 'reversed_at IS NULL')}",)),
    Sabotage(
        "the amount of a payout changed",
        (_update("remittance_run", "net_minor = net_minor + 1", _one("remittance_run")),),
    ),
    Sabotage(
        "a payment dropped from a payout",
        (f"DELETE FROM success_fee WHERE {_one('success_fee', 'run_id IS NOT NULL')}",),
    ),
    Sabotage(
        "another account written into a payout file",
        ("UPDATE remittance_file SET content = content || '\\x20'::bytea",),
    ),
    Sabotage(
        "an entry of the audit log edited",
        (
            _update(
                "audit_entry", "action = 'nothing.happened'", _one("audit_entry", "true", "creditor_id, seq")
            ),
        ),
    ),
    Sabotage(
        "the last entry of the audit log deleted",
        (f"DELETE FROM audit_entry WHERE {_one('audit_entry', 'true', 'seq DESC')}",),
    ),
    Sabotage("a claim called paid that is not", (_update("claim", "state = 'paid'", _ACTIVE),)),
    Sabotage(
        "the amount of a letter changed",
        (
            "UPDATE message SET amounts = amounts || jsonb_build_object("
            "'principal', (amounts->>'principal')::bigint + 100, 'total', (amounts->>'total')::bigint + 100)",
        ),
    ),
    Sabotage(
        "the seal of the ledger switched off", ("ALTER TABLE ledger_entry DISABLE TRIGGER append_only",)
    ),
    Sabotage(
        "a payment given to another creditor in ledger, bank and list",
        (
            _TWO,
            "UPDATE ledger_entry e SET creditor_id = thief FROM two, ledger_transaction t"
            " WHERE t.id = e.transaction_id AND t.source_key = two.source_key",
            "UPDATE ledger_transaction t SET creditor_id = thief FROM two"
            " WHERE t.source_key = two.source_key",
            "UPDATE bank_line l SET creditor_id = thief, claim_id = other_claim FROM two"
            " WHERE l.id::text = two.line",
            "UPDATE success_fee f SET creditor_id = thief, claim_id = other_claim FROM two"
            " WHERE f.payment_id = two.payment_id",
            "UPDATE payment p SET creditor_id = thief, claim_id = other_claim FROM two"
            " WHERE p.id = two.payment_id",
        ),
    ),
    Sabotage(
        "a transaction booked back into a closed month",
        (
            _update(
                "ledger_transaction",
                "booked_on = booked_on - 40, at = at - interval '40 days'",
                _PAYMENT_TRANSACTION.format(id="id"),
            ),
        ),
    ),
    Sabotage(
        "a bank line deleted with its booking",
        (
            "CREATE TEMP TABLE gone ON COMMIT DROP AS SELECT l.id AS line, t.id FROM bank_line l"
            " JOIN ledger_transaction t ON t.source_key = l.id::text WHERE l.state = 'suspense'"
            " ORDER BY l.id LIMIT 1",
            "DELETE FROM ledger_entry WHERE transaction_id IN (SELECT id FROM gone)",
            "DELETE FROM ledger_transaction WHERE id IN (SELECT id FROM gone)",
            "DELETE FROM bank_line WHERE id IN (SELECT line FROM gone)",
        ),
    ),
    Sabotage("the share of an accepted price raised", (_update("quote_line", "fee_bps = 2500", _UNCHARGED),)),
    Sabotage(
        "the share of a fee and its amounts raised",
        (_update("success_fee", "fee_bps = 2 * fee_bps, net_minor = 2 * net_minor", _FEE),),
    ),
    Sabotage(
        "a creditor's account changed past its approvals",
        (_update("creditor", "iban = 'NL20INGB0001234567'", _one("creditor", "iban IS NOT NULL", "id")),),
    ),
    Sabotage(
        "the account of an approved refund changed",
        (_update("refund", "iban = 'NL20INGB0001234567'", "state = 'approved'"),),
    ),
    Sabotage(
        "a payout file replaced together with its hash",
        (
            "UPDATE remittance_file SET content = content || '\\x20'::bytea, sha256 = "
            + _HASH.format(content="content || '\\x20'::bytea"),
        ),
    ),
    Sabotage(
        "a payout approved by one who never saw it",
        ("UPDATE remittance_run SET approved_by = 'user:mallory'",),
    ),
    Sabotage(
        "the amount of an invoice changed",
        (
            _update(
                "fee_invoice",
                "net_minor = net_minor + 100, facts = jsonb_set(facts, '{amounts,0}',"
                " to_jsonb(net_minor + 100))",
                _INVOICE,
            ),
        ),
    ),
    Sabotage(
        "an invoice deleted with what points at it",
        (
            "CREATE TEMP TABLE gone ON COMMIT DROP AS SELECT creditor_id, id FROM fee_invoice"
            " ORDER BY number DESC, id LIMIT 1",
            "UPDATE success_fee SET invoice_id = NULL WHERE invoice_id IN (SELECT id FROM gone)",
            "DELETE FROM fee_invoice WHERE id IN (SELECT id FROM gone)",
            "UPDATE invoice_series SET latest = latest - 1",
        ),
    ),
    Sabotage(
        "another document put in an invoice's place",
        (_update("fee_invoice", "document = document || '\\x20'::bytea", _INVOICE),),
    ),
)
