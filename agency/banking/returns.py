"""Payments that the bank took back: a returned direct debit, a reversed credit.

The return is a bank line of its own; it and the line it takes back leave suspense together, and each payment
that was booked of it is reversed, once, as of the day the money left. What was still nobody's leaves too:
nobody may send it back or book it any more.
"""

import json
from collections import defaultdict
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text

from agency.banking.models import LineState
from agency.banking.suspense import locked_line, mark_line, standing_payments
from agency.kernel.audit import record
from agency.kernel.unit import Unit
from agency.money import Money
from agency.payments.settlement import reverse_payment
from agency.rules.returned import CameIn, ReturnLine, returnable_for, returned_payment

# What was not looked at yet, or waits for a payment that may have been settled since.
_RETURNS = text(
    "SELECT id, iban, amount_minor, currency, value_on, booked_on, end_to_end, counterparty_iban,"
    " return_reason, match_trace FROM bank_line WHERE state = 'suspense' AND amount_minor < 0"
    " AND (return_reason <> '' OR reversal) ORDER BY booked_on, id FOR UPDATE SKIP LOCKED"
)
_CAME_IN = text(
    "SELECT id, iban AS account, amount_minor, currency, booked_on, end_to_end, counterparty_iban,"
    " creditor_id, claim_id FROM bank_line WHERE state IN ('matched', 'suspense')"
    " AND return_reason = '' AND NOT reversal AND amount_minor = ANY(:amounts) AND booked_on >= :since"
    " AND (end_to_end = ANY(CAST(:ids AS text[])) AND end_to_end <> ''"
    "  OR counterparty_iban = ANY(CAST(:ibans AS text[])) AND counterparty_iban <> '')"
)


def take_back_returned(unit: Unit) -> int:
    """This function will reverse the payments that returns in suspense take back.

    What names no line that came in, or several, stays in suspense with the reason.

    :returns: how many lines were taken back.
    """
    returns = unit.session.connection().execute(_RETURNS).all()
    if not returns:
        return 0
    candidates = _candidates(unit, returns)
    gone: set[UUID] = set()
    for row in returns:
        came_in = [one for one in candidates[row.iban] if one.key.id not in gone]
        line = ReturnLine(
            Money(row.amount_minor, row.currency), row.booked_on, row.end_to_end, row.counterparty_iban
        )
        found = returned_payment(line, came_in)
        if found.key is None:
            _say_why(unit, row, found.reason)
        else:
            _take_back(unit, row, found.key)
            gone.add(found.key.id)
    return len(gone)


def _candidates(unit: Unit, returns: Sequence[Row[Any]]) -> defaultdict[str, list[CameIn[Row[Any]]]]:
    rows = unit.session.connection().execute(
        _CAME_IN,
        {
            "amounts": sorted({-row.amount_minor for row in returns}),
            "since": min(row.booked_on - returnable_for(row.booked_on) for row in returns),
            "ids": sorted({row.end_to_end for row in returns}),
            "ibans": sorted({row.counterparty_iban for row in returns}),
        },
    )
    found: defaultdict[str, list[CameIn[Row[Any]]]] = defaultdict(list)
    for row in rows:
        amount = Money(row.amount_minor, row.currency)
        came_in = CameIn(row, amount, row.booked_on, row.end_to_end, row.counterparty_iban)
        found[row.account].append(came_in)
    return found


def _take_back(unit: Unit, returned: Row[Any], came_in: Row[Any]) -> None:
    line = locked_line(unit, came_in.id)
    if line.state not in (LineState.MATCHED, LineState.SUSPENSE):
        return  # it was sent back meanwhile: the return waits for a person
    for payment in standing_payments(unit, line_id=came_in.id):
        reverse_payment(
            unit,
            creditor_id=payment.creditor_id,
            payment_id=payment.id,
            why=f"returned by the bank: {returned.return_reason or 'reversal'}",
            effective_on=returned.value_on,
        )
    for one in (line, locked_line(unit, returned.id)):
        mark_line(
            unit,
            line=one,
            state=LineState.RETURNED,
            creditor_id=came_in.creditor_id,
            claim_id=came_in.claim_id,
        )
    record(
        unit,
        action="bank_line.returned",
        subject=f"bank_line:{returned.id}",
        creditor_id=came_in.creditor_id,
        facts={"of": str(came_in.id), "reason": returned.return_reason},
    )


def _say_why(unit: Unit, row: Row[Any], reason: str) -> None:
    trace = [{"kind": "none", "reasons": [reason], "claims": []}]
    if row.match_trace != trace:
        unit.session.connection().execute(
            text("UPDATE bank_line SET match_trace = CAST(:trace AS jsonb) WHERE id = :id"),
            {"trace": json.dumps(trace), "id": row.id},
        )
