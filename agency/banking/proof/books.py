"""P1 and P3: the ledger by itself. Transactions balance and are as they were sealed; trust money adds up."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from agency.banking.proof.balances import Balance, by_currency
from agency.banking.proof.checks import (
    ROWS_SHOWN_MAX,
    Check,
    Difference,
    no_rows,
    none_may_differ,
    rows_of,
)
from agency.banking.proof.horizon import Moment
from agency.kernel.unit import Unit
from agency.ledger.chart import TRUST_ASSETS, TRUST_LIABILITIES

# Both sides of the ledger in one number each: of a transaction's legs and of its row, the id with the age of
# whoever wrote it. Equal numbers mean that every transaction has its legs and none was written later.
_LEGS = """
    SELECT count(*) AS transactions,
      count(*) FILTER (WHERE total <> 0 OR legs < 2 OR youngest <> oldest) AS odd,
      coalesce(sum(hashint4extended(oldest, uuid_hash_extended(transaction_id, 0))), 0) AS digest
    FROM (SELECT transaction_id, count(*) AS legs, sum(amount_minor) AS total, min(age(xmin)) AS youngest,
        max(age(xmin)) AS oldest FROM ledger_entry GROUP BY transaction_id) AS legs
"""
# What a seal does not hold: whose a transaction is and in which month it was booked. An earlier proof added
# that up over all that it saw. OFFSET keeps each row's numbers from being worked out anew for every sum.
_TRANSACTIONS = """
    SELECT count(*) AS transactions, coalesce(sum(digest), 0) AS digest,
      count(*) FILTER (WHERE was_there) AS still, count(*) FILTER (WHERE is_there) AS now,
      coalesce(sum(facts) FILTER (WHERE was_there), 0)::text AS still_said,
      coalesce(sum(facts) FILTER (WHERE is_there), 0)::text AS said
    FROM (SELECT hashint4extended(age(xmin), uuid_hash_extended(id, 0)) AS digest,
      uuid_hash_extended(creditor_id, uuid_hash_extended(id, 1) # (booked_on - DATE '2000-01-01')) AS facts,
      xid < :old_from OR (xid < :old_to AND xid <> ALL(CAST(:old_open AS bigint[]))) AS was_there,
      xid < :new_from OR (xid < :new_to AND xid <> ALL(CAST(:new_open AS bigint[]))) AS is_there
      FROM ledger_transaction OFFSET 0) AS t
"""
_OTHER_CURRENCIES = """
    SELECT count(*) AS odd FROM (SELECT FROM ledger_entry WHERE currency <> 'EUR'
      GROUP BY creditor_id, transaction_id, currency HAVING sum(amount_minor) <> 0) AS uneven
"""
_UNEVEN = """
    SELECT 'transaction' AS what, coalesce(t.creditor_id, l.creditor_id) AS creditor_id,
      coalesce(t.id, l.transaction_id)::text AS id,
      CASE WHEN t.id IS NULL THEN 'legs without a transaction' WHEN coalesce(l.legs, 0) < 2
        THEN 'fewer than two legs' ELSE 'legs do not add up' END AS text,
      coalesce(l.total, 0)::bigint AS left_side, 0::bigint AS right_side, l.currency
    FROM ledger_transaction t FULL JOIN (SELECT creditor_id, transaction_id, sum(legs) AS legs,
        max(total) AS total, bool_or(total <> 0) AS uneven, min(currency) AS currency
      FROM (SELECT creditor_id, transaction_id, currency, count(*) AS legs, sum(amount_minor) AS total
        FROM ledger_entry GROUP BY creditor_id, transaction_id, currency) AS by_currency
      GROUP BY creditor_id, transaction_id) l ON l.creditor_id = t.creditor_id AND l.transaction_id = t.id
    WHERE t.id IS NULL OR coalesce(l.legs, 0) < 2 OR l.uneven
"""
# A row still carries the number of the database transaction that wrote it. One that was changed since, or
# came later, carries another; so do rows of a restored copy and those written under a savepoint: then the
# content decides. It is the text of `Posting.content_sha256`; the day of booking is the moment's.
_UNSEALED = """
    SELECT 'transaction' AS what, t.creditor_id, t.id::text AS id, 'not what was sealed' AS text,
      NULL::bigint AS left_side, NULL::bigint AS right_side, '' AS currency
    FROM ledger_transaction t CROSS JOIN (SELECT age('1000'::xid)::bigint + 1000 AS number) AS present
    WHERE (((age(t.xmin)::bigint + t.xid - present.number) & 4294967295) <> 0
      OR (:legs AND EXISTS (SELECT FROM ledger_entry e WHERE e.creditor_id = t.creditor_id
        AND e.transaction_id = t.id AND age(e.xmin) <> age(t.xmin))))
      AND (t.booked_on <> (t.at AT TIME ZONE 'Europe/Amsterdam')::date
      OR t.content_sha256 <> encode(sha256(convert_to(t.book || '|' || t.kind || '|' || t.effective_on || '|'
        || coalesce(t.reverses_id::text, '') || '|' || (SELECT coalesce(string_agg(e.account || ':'
          || e.amount_minor || ':' || e.currency || ':' || coalesce(e.claim_id::text, ''), ';'
          ORDER BY e.line), '') FROM ledger_entry e
        WHERE e.creditor_id = t.creditor_id AND e.transaction_id = t.id), 'UTF8')), 'hex'))
"""
_SEALS = """
    SELECT 'trigger' AS what, NULL::uuid AS creditor_id, wanted.name || ' on ' || wanted.of AS id,
      'switched off' AS text, NULL::bigint AS left_side, NULL::bigint AS right_side, '' AS currency
    FROM (VALUES ('ledger_entry', 'sealed'), ('ledger_entry', 'append_only'), ('ledger_entry', 'no_truncate'),
        ('ledger_transaction', 'balanced'), ('ledger_transaction', 'append_only'),
        ('ledger_transaction', 'no_truncate'), ('audit_entry', 'append_only'),
        ('audit_entry', 'no_truncate')) AS wanted(of, name)
    LEFT JOIN pg_trigger t ON t.tgrelid = wanted.of::regclass AND t.tgname = wanted.name
    WHERE t.oid IS NULL OR t.tgenabled NOT IN ('O', 'A')
    UNION ALL SELECT 'trigger', NULL, 'row-level security on ' || relname, 'switched off', NULL, NULL, ''
    FROM pg_class WHERE oid IN ('ledger_entry'::regclass, 'ledger_transaction'::regclass)
      AND NOT (relrowsecurity AND relforcerowsecurity)
"""


@dataclass(frozen=True, slots=True)
class Books:
    """Both sides of the ledger in a few numbers each: of all legs, and of all transactions."""

    legs: Any
    transactions: Any

    @property
    def seen(self) -> dict[str, Any]:
        """How many transactions the next proof must find, and what they say together.

        `said` in older proofs was added up otherwise, and says nothing here.
        """
        return {"transactions": self.transactions.now, "facts": self.transactions.said}


def books_now(unit: Unit, before: dict[str, Any], now: Moment) -> Books:
    """This function will add up the ledger, and what of it an earlier proof saw."""
    [legs] = rows_of(unit, _LEGS)
    [transactions] = rows_of(
        unit, _TRANSACTIONS, **_bounds("old", before), **_bounds("new", {"snapshot": now.snapshot})
    )
    return Books(legs, transactions)


def transactions_kept(books: Books, before: dict[str, Any]) -> list[Check]:
    """P1: every transaction that an earlier proof saw is still there, and says what it said."""
    kept = Check(
        key="P1",
        left_label="transactions of the last proof that are still there",
        left=books.transactions.still,
        right_label="transactions that the last proof saw",
        right=before.get("transactions", 0),
        earlier=True,
    )
    said = books.transactions.still_said
    moved = Check(
        key="P1",
        left_label="signs that earlier transactions were moved to another creditor or day of booking",
        left=int(kept.holds and said != before.get("facts", said)),
        earlier=True,
    )
    return [kept, moved]


def transactions_balance(unit: Unit, books: Books, balances: Sequence[Balance]) -> list[Check]:
    """P1: every transaction adds up to nothing per currency, and says what it said when it was sealed.

    Two sums tell whether anything is wrong at all; only then is it looked for row by row. They take legs
    together whatever their currency: only where there is another one are they told apart.
    """
    legs, rows = books.legs, books.transactions
    same = (legs.transactions, legs.digest) == (rows.transactions, rows.digest)
    several = {balance.currency for balance in balances} - {"EUR"}
    uneven = legs.odd or (several and rows_of(unit, _OTHER_CURRENCIES)[0].odd)
    balanced = same and not uneven
    unbalanced, unsealed = (
        "transactions that do not balance",
        "transactions that were changed after they were sealed",
    )
    return [
        no_rows("P1", unbalanced, []) if balanced else none_may_differ(unit, "P1", unbalanced, _UNEVEN),
        none_may_differ(unit, "P1", unsealed, _UNSEALED, {"legs": not balanced}),
        none_may_differ(unit, "P1", "seals that are switched off", _SEALS),
    ]


def _bounds(name: str, seen: dict[str, Any]) -> dict[str, Any]:
    """A snapshot as parameters: in it is what lies below its first number, or was not open below its last."""
    first, last, still_open = seen.get("snapshot", "1:1:").split(":")
    numbers = [int(number) for number in still_open.split(",") if number]
    return {f"{name}_from": int(first), f"{name}_to": int(last), f"{name}_open": numbers}


def trust_adds_up(unit: Unit, balances: Sequence[Balance]) -> list[Check]:
    """P3: money held for others equals what is owed to them, per currency and for each creditor alone."""
    held, owed = by_currency(balances, TRUST_ASSETS), by_currency(balances, TRUST_LIABILITIES)
    checks = [
        Check(
            key="P3",
            left_label="client money held",
            left=held.get(currency, 0),
            right_label="owed to creditors, debtors, agency and nobody yet",
            right=-owed.get(currency, 0),
            money=True,
            account="trust.creditor",
            currency=currency,
        )
        for currency in sorted({"EUR", *held, *owed})
        if held.get(currency) or owed.get(currency) or currency == "EUR"
    ]
    return [*checks, _each_creditor(balances)]


def _each_creditor(balances: Sequence[Balance]) -> Check:
    sides: dict[tuple[UUID, str], list[int]] = {}
    for balance in balances:
        for side, accounts in enumerate((TRUST_ASSETS, TRUST_LIABILITIES)):
            if balance.account in accounts:
                sides.setdefault((balance.creditor_id, balance.currency), [0, 0])[side] += balance.minor
    uneven = [(*of, held, -owed) for of, (held, owed) in sorted(sides.items()) if held + owed]
    return Check(
        key="P3",
        left_label="creditors whose money does not add up by itself",
        left=len(uneven),
        account="trust.creditor",
        rows=tuple(
            Difference("creditor", str(creditor_id), str(creditor_id), "", held, owed, currency)
            for creditor_id, currency, held, owed in uneven[:ROWS_SHOWN_MAX]
        ),
    )
