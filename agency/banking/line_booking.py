"""Bank lines into the tables and the trust ledger, many at a time: bank against suspense."""

import json
from collections.abc import Container, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import text

from agency.kernel.ids import HOUSE
from agency.kernel.unit import Unit
from agency.ports.readers import BankLine, BankStatement

LINES_PER_INSERT = 5_000
LINE_KIND = "bank_line"


@dataclass(frozen=True, slots=True)
class Inserted:
    """How many lines were booked, and the keys they got."""

    lines: int
    keys: frozenset[str]


# Each new line with its booking, in one statement. Lines of nothing (a bank's information entry) need none.
# The hash is that of `Posting`.
_LINES = text(
    "WITH lines AS (INSERT INTO bank_line (id, statement_id, iban, line_key, booked_on, value_on,"
    "  amount_minor, currency, counterparty, counterparty_iban, text, structured_reference, end_to_end,"
    "  bank_ref, entry_key, part_of, reversal, return_reason, state, match_trace, bookings)"
    "  SELECT uuidv7(), :statement, :iban, l.line_key, l.booked_on, l.value_on, l.amount_minor, l.currency,"
    "  l.counterparty, l.counterparty_iban, l.text, l.structured_reference, l.end_to_end, l.bank_ref,"
    "  l.entry_key, CAST(:part_of AS uuid), l.reversal, l.return_reason, 'suspense', l.match_trace, 0"
    "  FROM jsonb_to_recordset(CAST(:lines AS jsonb)) AS l(line_key text, booked_on date,"
    "  value_on date, amount_minor bigint, currency text, counterparty text, counterparty_iban text,"
    "  text text, structured_reference text, end_to_end text, bank_ref text, entry_key text,"
    "  reversal boolean, return_reason text, match_trace jsonb)"
    "  ON CONFLICT (iban, line_key) DO NOTHING RETURNING id, amount_minor, currency, value_on),"
    " moved AS MATERIALIZED (SELECT *, uuidv7() AS transaction_id FROM lines WHERE amount_minor <> 0),"
    " booked AS (INSERT INTO ledger_transaction (creditor_id, id, book, kind, source_key, content_sha256,"
    "  booked_on, effective_on, at, by, memo)"
    "  SELECT :house, transaction_id, 'trust', CAST(:kind AS text), id::text, encode(sha256(convert_to("
    "   'trust|' || CAST(:kind AS text) || '|' || value_on || '||trust.bank:' || amount_minor || ':'"
    "   || currency || ':;trust.suspense:' || -amount_minor || ':' || currency || ':', 'UTF8')), 'hex'),"
    "  :today, value_on, :now, :by, '' FROM moved),"
    " entries AS (INSERT INTO ledger_entry (creditor_id, transaction_id, line, account, amount_minor,"
    "  currency)"
    "  SELECT :house, transaction_id, s.line, s.account, s.sign * amount_minor, currency FROM moved,"
    "  (VALUES (1, 'trust.bank', 1), (2, 'trust.suspense', -1)) AS s(line, account, sign))"
    " SELECT count(*) FROM lines"
)
_ACCOUNTS = text(
    "INSERT INTO ledger_account (creditor_id, code, book) VALUES (:house, 'trust.bank', 'trust'),"
    " (:house, 'trust.suspense', 'trust') ON CONFLICT DO NOTHING"
)


def insert_lines(
    unit: Unit,
    read: BankStatement,
    *,
    positions: Sequence[int],
    statement_id: UUID,
    iban: str,
    taken: Container[str],
) -> Inserted:
    """This function will insert the new lines of a statement and book each to suspense.

    :param positions: which of the statement's lines are new.
    :param taken: keys of lines that look the same and are others; a new line gets the next free number.
    """
    keys: set[str] = set()
    inserted = 0
    for start in range(0, len(positions), LINES_PER_INSERT):
        rows = []
        for position in positions[start : start + LINES_PER_INSERT]:
            line = read.lines[position]
            key = _free_key(line.key, taken, keys)
            keys.add(key)
            rows.append(_row(line, key, entry_key(read.key, line)))
        inserted += _insert(unit, rows, statement_id=statement_id, iban=iban, part_of=None)
    return Inserted(inserted, frozenset(keys))


def insert_parts(
    unit: Unit, parts: Sequence[BankLine], *, whole: UUID, statement_id: UUID, iban: str
) -> None:
    """This function will insert and book the details of a collective entry that was booked as one sum."""
    rows = [_row(part, f"{whole}/{number}", str(whole)) for number, part in enumerate(parts, start=1)]
    _insert(unit, rows, statement_id=statement_id, iban=iban, part_of=whole)


def entry_key(statement_key: str, line: BankLine) -> str:
    """This function will name the collective entry that a line is a detail of, empty when it is none."""
    return f"{statement_key}:{line.entry}" if line.batch else ""


def _free_key(key: str, taken: Container[str], given: Container[str]) -> str:
    if key not in taken and key not in given:
        return key
    base, _, number = key.rpartition("-")
    following = int(number) + 1 if base and number.isdigit() else 2
    base = base if base and number.isdigit() else key
    while f"{base}-{following}" in taken or f"{base}-{following}" in given:
        following += 1
    return f"{base}-{following}"


def _row(line: BankLine, key: str, entry: str) -> dict[str, Any]:
    # An amount marked with another currency than the account's is for a person to look at.
    held = [{"kind": "proposed", "reasons": ["other_currency"], "claims": []}] if line.marked else []
    return {
        "line_key": key,
        "booked_on": line.booked_on.isoformat(),
        "value_on": line.value_on.isoformat(),
        "amount_minor": line.amount.minor,
        "currency": line.amount.currency,
        "counterparty": line.counterparty or "",
        "counterparty_iban": "".join((line.counterparty_iban or "").split()).upper(),
        "text": line.text,
        "structured_reference": " ".join(line.structured_references),
        "end_to_end": line.end_to_end or "",
        "bank_ref": line.bank_ref or "",
        "entry_key": entry,
        "reversal": line.reversal,
        "return_reason": line.return_reason or "",
        "match_trace": held,
    }


def _insert(
    unit: Unit, rows: Sequence[dict[str, Any]], *, statement_id: UUID, iban: str, part_of: UUID | None
) -> int:
    connection = unit.session.connection()
    connection.execute(_ACCOUNTS, {"house": HOUSE})
    inserted = connection.execute(
        _LINES,
        {
            "statement": statement_id,
            "iban": iban,
            "part_of": part_of,
            "lines": json.dumps(rows),
            "house": HOUSE,
            "kind": LINE_KIND,
            "today": unit.today,
            "now": unit.now,
            "by": unit.by,
        },
    )
    return int(inserted.scalar_one())
