"""Finding whose money a bank line is: a valid reference or enough other signs settle it, else it waits."""

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, replace
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text

from agency.arrangements.dividing import claims_together, divide_payment
from agency.banking.candidates import find_candidates, line_facts
from agency.claims.itemisation import ClaimKey, itemise_many
from agency.kernel.locks import lock_claims_of
from agency.kernel.unit import Unit
from agency.money import Money
from agency.payments.models import PaymentSource
from agency.payments.settlement import Incoming, settle_many
from agency.rules.match import Candidate, Match, Proposed, match
from agency.rules.reference import printed_forms, references_in
from agency.rules.trace import as_json

SUSPENSE = "trust.suspense"
CANDIDATES_PER_LINE = 25

_COLUMNS = (
    "SELECT id, amount_minor, currency, value_on, text, structured_reference, counterparty,"
    " counterparty_iban, bookings FROM bank_line WHERE"
)
_LINE = text(f"{_COLUMNS} id = :line AND state = 'suspense'")
_LINES = text(
    f"{_COLUMNS} state = 'suspense' AND amount_minor > 0 AND match_trace = '[]'"
    " AND return_reason = ''"  # a payout that came back is no debtor's payment
    " AND (CAST(:statement AS uuid) IS NULL OR statement_id = :statement)"
    " ORDER BY id LIMIT :limit FOR UPDATE SKIP LOCKED"
)
_NAMED = text(
    "SELECT creditor_id, id, number, payment_reference, payment_reference AS word FROM claim"
    " WHERE payment_reference = ANY(CAST(:references AS text[]))"
    " UNION SELECT creditor_id, id, number, payment_reference, number FROM claim"
    " WHERE number = ANY(CAST(:references AS text[]))"
)

_DECIDED = text(
    "UPDATE bank_line l SET state = x.state, creditor_id = x.creditor, claim_id = x.claim,"
    " match_trace = x.trace, bookings = l.bookings + x.attempts,"
    " settled_at = CASE WHEN x.booked THEN CAST(:now AS timestamptz) END,"
    " settled_by = CASE WHEN x.booked THEN CAST(:by AS text) END"
    " FROM jsonb_to_recordset(CAST(:rows AS jsonb))"
    "  AS x(id uuid, state text, creditor uuid, claim uuid, trace jsonb, booked boolean, attempts int)"
    " WHERE l.id = x.id"
)


def match_lines(unit: Unit, *, statement_id: UUID | None = None, limit: int = 500) -> int:
    """This function will look at lines that nobody looked at yet: settle the certain ones, propose the rest.

    :returns: how many lines were looked at; ask again until it is none.
    """
    lines = unit.session.connection().execute(_LINES, {"statement": statement_id, "limit": limit}).all()
    if not lines:
        return 0
    found = _decide(unit, lines)
    certain = {line.id: _sure(found[line.id]) for line in lines if found[line.id].certain}
    together = claims_together(unit, keys=set(certain.values()))
    alone = [line for line in lines if line.id in certain and certain[line.id] not in together]
    settled = settle_many(
        unit,
        [
            _incoming(line, certain[line.id], _payment_key(line.id, line.bookings + 1), _amount(line))
            for line in alone
        ],
    )
    outcome = {
        line.id: _Outcome(certain[line.id], one.reason) for line, one in zip(alone, settled, strict=True)
    }
    for line in lines:
        # One by one, for what each pays off depends on what those before it left.
        if line.id in certain and line.id not in outcome:
            outcome[line.id] = _spread(unit, line, certain[line.id])
    _write(unit, lines, found, outcome, {line.id for line in alone})
    return len(lines)


def look_again(unit: Unit, *, line_id: UUID) -> None:
    """This function will propose anew for a line that waits, by what is known now; it settles nothing."""
    connection = unit.session.connection()
    line = connection.execute(_LINE, {"line": line_id}).one_or_none()
    if line is not None:
        found = _decide(unit, [line])[line.id]
        facts = match_facts(found) | {"kind": "proposed" if found.ranked else "none"}
        connection.execute(
            text("UPDATE bank_line SET match_trace = CAST(:trace AS jsonb) WHERE id = :line"),
            {"trace": json.dumps([facts]), "line": line_id},
        )


def shares_of(unit: Unit, *, claim: ClaimKey, amount: Money, on: date) -> Sequence[tuple[ClaimKey, Money]]:
    """This function will lock a claim with the others of its plan and tell what each gets of money for it."""
    together = claims_together(unit, keys=[claim])
    lock_claims_of(unit, keys=[claim, *together.get(claim, ())])
    shares = divide_payment(unit, creditor_id=claim[0], claim_id=claim[1], amount=amount, on=on)
    return [((claim[0], claim_id), share) for claim_id, share in shares]


def payment_keys(unit: Unit, line_ids: Sequence[UUID]) -> dict[UUID, str]:
    """This function will number the next booking of each line; one that was undone keeps its own key."""
    rows = unit.session.connection().execute(
        text("UPDATE bank_line SET bookings = bookings + 1 WHERE id = ANY(:ids) RETURNING id, bookings"),
        {"ids": list(line_ids)},
    )
    return {row.id: _payment_key(row.id, row.bookings) for row in rows}


def _payment_key(line_id: UUID, booking: int) -> str:
    return f"{line_id}#{booking}"


@dataclass(frozen=True, slots=True)
class _Outcome:
    """What became of a certain line: booked on one claim, on several (`claim` is None), or held and why."""

    claim: ClaimKey | None
    held: str = ""


def _spread(unit: Unit, line: Row[Any], claim: ClaimKey) -> _Outcome:
    shares = shares_of(unit, claim=claim, amount=_amount(line), on=line.value_on)
    settled = settle_many(
        unit,
        [_incoming(line, key, payment_keys(unit, [line.id])[line.id], share) for key, share in shares],
    )
    held = [one.reason for one in settled if one.payment_id is None]
    assert not held or len(shares) == 1, (
        "a plan divides money over claims that take it, while they are locked"
    )
    return _Outcome(shares[0][0] if len(shares) == 1 else None, *held)


def _amount(line: Row[Any]) -> Money:
    return Money(line.amount_minor, line.currency)


def _incoming(line: Row[Any], key: ClaimKey, source_key: str, share: Money) -> Incoming:
    return Incoming(
        creditor_id=key[0],
        claim_id=key[1],
        source=PaymentSource.BANK,
        source_key=source_key,
        amount=share,
        value_on=line.value_on,
        trust_account=SUSPENSE,
    )


def _sure(found: Match[ClaimKey]) -> ClaimKey:
    assert found.claim_id is not None, "a certain match names its claim"
    return found.claim_id


def _decide(unit: Unit, lines: Sequence[Row[Any]]) -> dict[UUID, Match[ClaimKey]]:
    """Lines that name a claim are decided by that; all that others say is looked up for the rest only."""
    decided = _decide_named(unit, lines)
    rest = [line for line in lines if line.id not in decided]
    if rest:
        found = find_candidates(unit, rest)
        for line in rest:
            one = found[line.id]
            decided[line.id] = match(
                line=line_facts(line), candidates=one.candidates, on=unit.today, crowded=one.crowded
            )
    return _once_each(lines, decided)


def _once_each(
    lines: Sequence[Row[Any]], decided: dict[UUID, Match[ClaimKey]]
) -> dict[UUID, Match[ClaimKey]]:
    """What was open is one payment's only: a second that its signs would book on the same claim waits."""
    taken = {decided[line.id].claim_id for line in lines if decided[line.id].kind == "exact"}
    for line in lines:
        found = decided[line.id]
        if found.kind == "scored" and found.claim_id in taken:
            decided[line.id] = replace(found, kind="proposed", reasons=(*found.reasons, "paid_twice"))
        elif found.kind == "scored":
            taken.add(found.claim_id)
    return decided


def _decide_named(unit: Unit, lines: Sequence[Row[Any]]) -> dict[UUID, Match[ClaimKey]]:
    """Decide the lines on which somebody wrote the reference of a claim, of whatever state."""
    named = {line.id: _references(line) for line in lines}
    rows = unit.session.connection().execute(
        _NAMED, {"references": sorted({form for many in named.values() for form in many})}
    )
    by_word: defaultdict[str, dict[ClaimKey, Row[Any]]] = defaultdict(dict)
    for row in rows:
        by_word[row.word][row.creditor_id, row.id] = row
    open_now = _open_now(unit, {key for claims in by_word.values() for key in claims})
    return {
        line.id: _decide_one(unit, line, claims, open_now)
        for line in lines
        if (claims := _claims_named(named[line.id], by_word))
    }


def _open_now(unit: Unit, keys: Set[ClaimKey]) -> dict[ClaimKey, Money]:
    """What money for each claim may pay off: what is open on it, and on the others of its plan."""
    together = claims_together(unit, keys=keys)
    every = {key: {key, *together.get(key, ())} for key in keys}
    owed = itemise_many(unit, keys=sorted(set().union(*every.values())), on=unit.today)
    return {
        key: Money.total((owed[one].total for one in many), owed[key].principal.currency)
        for key, many in every.items()
    }


def _claims_named(
    written: Sequence[str], by_word: dict[str, dict[ClaimKey, Row[Any]]]
) -> dict[ClaimKey, Row[Any]]:
    return {key: row for word in written if word in by_word for key, row in by_word[word].items()}


def _references(line: Row[Any]) -> tuple[str, ...]:
    found = references_in(f"{line.structured_reference} | {line.text}")
    return tuple(form for reference in found for form in printed_forms(reference))


def _decide_one(
    unit: Unit, line: Row[Any], claims: dict[ClaimKey, Row[Any]], open_now: dict[ClaimKey, Money]
) -> Match[ClaimKey]:
    candidates = [
        Candidate(claim_id=key, references=(row.payment_reference, row.number), open=open_now[key])
        for key, row in list(claims.items())[:CANDIDATES_PER_LINE]
    ]
    return match(line=line_facts(line), candidates=candidates, on=unit.today)


def _write(
    unit: Unit,
    lines: Sequence[Row[Any]],
    found: dict[UUID, Match[ClaimKey]],
    outcomes: Mapping[UUID, _Outcome],
    numbered: Set[UUID],
) -> None:
    """Keep what was decided, and count the booking of lines whose payments were numbered from what was read
    (`numbered`); the others were counted one by one."""
    rows = []
    for line in lines:
        matched, outcome = found[line.id], outcomes.get(line.id)
        booked = outcome is not None and not outcome.held
        creditor_id, claim_id = (outcome.claim if outcome and booked else None) or (None, None)
        held = (outcome.held,) if outcome and outcome.held else ()
        rows.append(
            {
                "id": str(line.id),
                "state": "matched" if booked else "suspense",
                "creditor": str(creditor_id) if creditor_id else None,
                "claim": str(claim_id) if claim_id else None,
                "trace": [match_facts(matched, held)],
                "booked": booked,
                "attempts": int(line.id in numbered),
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
        "ranked": [_proposed(one) for one in found.ranked],
        "trace": as_json(found.trace),
    }


def _proposed(one: Proposed[ClaimKey]) -> dict[str, Any]:
    parts = [[str(creditor_id), str(claim_id), part.minor] for (creditor_id, claim_id), part in one.parts]
    return {"parts": parts, "points": one.points, "reasons": list(one.reasons)}
