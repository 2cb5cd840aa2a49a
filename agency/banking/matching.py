"""Finding whose money a bank line is: one valid reference settles by itself, everything else is proposed."""

import json
import re
from collections import defaultdict
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text

from agency.claims.itemisation import ClaimKey, itemise_many
from agency.kernel.unit import Unit
from agency.money import Money
from agency.payments.models import PaymentSource
from agency.payments.settlement import Incoming, Settled, settle_many
from agency.rules.match import Candidate, LineFacts, Match, match
from agency.rules.reference import printed_forms, references_in
from agency.rules.trace import as_json

SUSPENSE = "trust.suspense"
CANDIDATES_PER_LINE = 25
_WORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9./\-]{3,}")

_LINES = text(
    "SELECT id, amount_minor, currency, value_on, text, structured_reference, counterparty, counterparty_iban"
    " FROM bank_line WHERE state = 'suspense' AND amount_minor > 0 AND match_trace = '[]'"
    " AND return_reason = ''"  # a payout that came back is no debtor's payment
    " AND (CAST(:statement AS uuid) IS NULL OR statement_id = :statement)"
    " ORDER BY id LIMIT :limit FOR UPDATE SKIP LOCKED"
)
# Candidates by what is written: a payment reference or claim number in its plain form, an invoice number,
# or an account that paid for the same claim before.
_CANDIDATES = text(
    "SELECT creditor_id, id, number, payment_reference, payment_reference AS word FROM claim"
    " WHERE payment_reference = ANY(CAST(:references AS text[]))"
    " UNION SELECT creditor_id, id, number, payment_reference, number FROM claim"
    " WHERE number = ANY(CAST(:references AS text[]))"
    " UNION SELECT c.creditor_id, c.id, c.number, c.payment_reference, i.number"
    " FROM invoice i JOIN claim c ON c.creditor_id = i.creditor_id AND c.id = i.claim_id"
    " WHERE i.number = ANY(CAST(:words AS text[]))"
    " UNION SELECT c.creditor_id, c.id, c.number, c.payment_reference, l.counterparty_iban"
    " FROM bank_line l JOIN claim c ON c.creditor_id = l.creditor_id AND c.id = l.claim_id"
    " WHERE l.state = 'matched' AND l.counterparty_iban = ANY(CAST(:ibans AS text[]))"
)

_DECIDED = text(
    "UPDATE bank_line l SET state = x.state, creditor_id = x.creditor, claim_id = x.claim,"
    " match_trace = x.trace, settled_at = CASE WHEN x.booked THEN CAST(:now AS timestamptz) END,"
    " settled_by = CASE WHEN x.booked THEN CAST(:by AS text) END"
    " FROM jsonb_to_recordset(CAST(:rows AS jsonb))"
    "  AS x(id uuid, state text, creditor uuid, claim uuid, trace jsonb, booked boolean) WHERE l.id = x.id"
)


def match_lines(unit: Unit, *, statement_id: UUID | None = None, limit: int = 500) -> int:
    """This function will look at lines that nobody looked at yet: settle the certain ones, propose the rest.

    :returns: how many lines were looked at; ask again until it is none.
    """
    lines = unit.session.connection().execute(_LINES, {"statement": statement_id, "limit": limit}).all()
    if not lines:
        return 0
    found = _decide(unit, lines)
    certain = [line for line in lines if found[line.id].kind == "exact"]
    keys = payment_keys(unit, [line.id for line in certain])
    settled = settle_many(unit, [_incoming(line, _sure(found[line.id]), keys[line.id]) for line in certain])
    outcome = dict(zip((line.id for line in certain), settled, strict=True))
    _write(unit, lines, found, outcome)
    return len(lines)


def rematch(unit: Unit, *, line_ids: Sequence[UUID]) -> None:
    """This function will have lines looked at again, after something about the claims changed."""
    unit.session.connection().execute(
        text("UPDATE bank_line SET match_trace = '[]' WHERE id = ANY(:ids) AND state = 'suspense'"),
        {"ids": list(line_ids)},
    )


def payment_keys(unit: Unit, line_ids: Sequence[UUID]) -> dict[UUID, str]:
    """This function will number the next booking of each line; one that was undone keeps its own key."""
    rows = unit.session.connection().execute(
        text("UPDATE bank_line SET bookings = bookings + 1 WHERE id = ANY(:ids) RETURNING id, bookings"),
        {"ids": list(line_ids)},
    )
    return {row.id: f"{row.id}#{row.bookings}" for row in rows}


def _incoming(line: Row[Any], key: ClaimKey, source_key: str) -> Incoming:
    return Incoming(
        creditor_id=key[0],
        claim_id=key[1],
        source=PaymentSource.BANK,
        source_key=source_key,
        amount=Money(line.amount_minor, line.currency),
        value_on=line.value_on,
        trust_account=SUSPENSE,
    )


def _sure(found: Match[ClaimKey]) -> ClaimKey:
    assert found.claim_id is not None, "an exact match names its claim"
    return found.claim_id


def _decide(unit: Unit, lines: Sequence[Row[Any]]) -> dict[UUID, Match[ClaimKey]]:
    named = {line.id: _references(line) for line in lines}
    words = {line.id: frozenset(_WORD.findall(f"{line.structured_reference} {line.text}")) for line in lines}
    rows = unit.session.connection().execute(
        _CANDIDATES,
        {
            "references": sorted({form for many in named.values() for form in many}),
            "words": sorted({word for many in words.values() for word in many}),
            "ibans": sorted({line.counterparty_iban for line in lines if line.counterparty_iban}),
        },
    )
    by_word: defaultdict[str, dict[ClaimKey, Row[Any]]] = defaultdict(dict)
    for row in rows:
        by_word[row.word][row.creditor_id, row.id] = row
    keys = {key for claims in by_word.values() for key in claims}
    open_now = {
        key: claim.total for key, claim in itemise_many(unit, keys=sorted(keys), on=unit.today).items()
    }
    return {
        line.id: _decide_one(
            line, (*named[line.id], *words[line.id], line.counterparty_iban), by_word, open_now
        )
        for line in lines
    }


def _references(line: Row[Any]) -> tuple[str, ...]:
    found = references_in(f"{line.structured_reference} | {line.text}")
    return tuple(form for reference in found for form in printed_forms(reference))


def _decide_one(
    line: Row[Any],
    written: Sequence[str],
    by_word: dict[str, dict[ClaimKey, Row[Any]]],
    open_now: dict[ClaimKey, Money],
) -> Match[ClaimKey]:
    claims = {key: (row, word) for word in written if word in by_word for key, row in by_word[word].items()}
    candidates = [
        Candidate(
            claim_id=key,
            references=(row.payment_reference, row.number),
            open=open_now[key],
            debtor_ibans=(line.counterparty_iban,) if _paid_before(line, key, by_word) else (),
            invoice_numbers=(word,),
        )
        for key, (row, word) in list(claims.items())[:CANDIDATES_PER_LINE]
    ]
    facts = LineFacts(
        amount=Money(line.amount_minor, line.currency),
        # As a whole: payers type the blanks of a printed reference, which a split would tear apart.
        references=(line.structured_reference,),
        text=line.text,
        iban=line.counterparty_iban or None,
    )
    return match(line=facts, candidates=candidates)


def _paid_before(line: Row[Any], key: ClaimKey, by_word: dict[str, dict[ClaimKey, Row[Any]]]) -> bool:
    return bool(line.counterparty_iban) and key in by_word.get(line.counterparty_iban, {})


def _write(
    unit: Unit,
    lines: Sequence[Row[Any]],
    found: dict[UUID, Match[ClaimKey]],
    settled: dict[UUID, Settled],
) -> None:
    rows = []
    for line in lines:
        matched, outcome = found[line.id], settled.get(line.id)
        booked = outcome is not None and outcome.outcome == "booked"
        creditor_id, claim_id = _sure(matched) if booked else (None, None)
        held = (outcome.reason,) if outcome and not booked else ()
        rows.append(
            {
                "id": str(line.id),
                "state": "matched" if booked else "suspense",
                "creditor": str(creditor_id) if booked else None,
                "claim": str(claim_id) if booked else None,
                "trace": [match_facts(matched, held)],
                "booked": booked,
            }
        )
    values = {"rows": json.dumps(rows), "now": unit.now, "by": unit.by}
    unit.session.connection().execute(_DECIDED, values)


def match_facts(found: Match[ClaimKey], held: tuple[str, ...] = ()) -> dict[str, Any]:
    """This function will return what is kept of a decision: its kind, reasons, proposals and trace."""
    return {
        "kind": "proposed" if held else found.kind,
        "reasons": [*found.reasons, *held],
        "claims": [[str(creditor_id), str(claim_id)] for creditor_id, claim_id in found.proposals],
        "trace": as_json(found.trace),
    }
