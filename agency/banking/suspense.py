"""Money in suspense: what waits and since when, settled by a person, and taken back when that was wrong."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text

from agency.banking.matching import SUSPENSE, payment_keys
from agency.banking.models import BankLine, LineState
from agency.calendar import is_business_day
from agency.kernel.audit import record
from agency.kernel.errors import Conflict, NotFound
from agency.kernel.unit import Unit
from agency.money import Money
from agency.payments.models import PaymentSource
from agency.payments.settlement import reverse_payment, settle

OLD = timedelta(days=90)


class UnableToSettleLine(Conflict):
    """The line is not in suspense any more, or may not be booked on that claim."""


class UnableToUndo(Conflict):
    """The line was not settled on a claim."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """A claim that a line may be for."""

    creditor_id: UUID
    claim_id: UUID
    number: str
    creditor: str
    debtor: str


@dataclass(frozen=True, slots=True)
class SuspenseItem:
    """A line that waits, how many business days already, and what it may be."""

    line_id: UUID
    booked_on: date
    amount: Money
    counterparty: str
    counterparty_iban: str
    text: str
    business_days: int
    reasons: tuple[str, ...]
    proposals: tuple[Proposal, ...]


def settle_line(unit: Unit, *, line_id: UUID, creditor_id: UUID, claim_id: UUID) -> UUID:
    """This function will book a line in suspense on a claim, by a person's decision.

    :returns: the payment.
    :raises NotFound: no such line or claim.
    :raises UnableToSettleLine: settled already, not incoming, or the claim takes no payments.
    """
    line = _locked(unit, line_id)
    if line.state != LineState.SUSPENSE or line.amount_minor <= 0:
        raise UnableToSettleLine("this line is not in suspense")
    settled = settle(
        unit,
        creditor_id=creditor_id,
        claim_id=claim_id,
        source=PaymentSource.BANK,
        source_key=payment_keys(unit, [line_id])[line_id],
        amount=Money(line.amount_minor, line.currency),
        value_on=line.value_on,
        trust_account=SUSPENSE,
    )
    if settled.payment_id is None:
        raise UnableToSettleLine(f"the claim takes no payment: {settled.reason}")
    mark_line(unit, line=line, state=LineState.MATCHED, creditor_id=creditor_id, claim_id=claim_id)
    record(
        unit,
        action="bank_line.settled",
        subject=f"bank_line:{line_id}",
        creditor_id=creditor_id,
        facts={"claim": str(claim_id)},
    )
    return settled.payment_id


def undo_line(unit: Unit, *, line_id: UUID, why: str) -> None:
    """This function will take a line's settlement back: the payment is reversed, the line waits again.

    :raises NotFound: no such line.
    :raises UnableToUndo: it was not settled on a claim.
    """
    line = _locked(unit, line_id)
    payment = unit.session.connection().execute(
        text(
            "SELECT creditor_id, id FROM payment WHERE source = 'bank' AND starts_with(source_key, :line)"
            " AND reversed_at IS NULL"
        ),
        {"line": f"{line_id}#"},
    )
    standing = payment.one_or_none()
    if line.state != LineState.MATCHED or standing is None:
        raise UnableToUndo("this line was not settled on a claim")
    reverse_payment(
        unit,
        creditor_id=standing.creditor_id,
        payment_id=standing.id,
        why=why,
    )
    mark_line(unit, line=line, state=LineState.SUSPENSE, creditor_id=None, claim_id=None)
    record(
        unit,
        action="bank_line.undone",
        subject=f"bank_line:{line_id}",
        creditor_id=standing.creditor_id,
        facts={"why": why},
    )


def mark_line(
    unit: Unit, *, line: BankLine, state: LineState, creditor_id: UUID | None, claim_id: UUID | None
) -> None:
    """This function will write down what became of a line whose row the caller has locked."""
    settled = state != LineState.SUSPENSE
    line.state = state
    line.creditor_id, line.claim_id = creditor_id, claim_id
    line.settled_at = unit.now if settled else None
    line.settled_by = unit.by if settled else None
    unit.session.add(line)
    unit.session.flush()


def suspense_items(unit: Unit, *, limit: int = 200) -> list[SuspenseItem]:
    """This function will return the lines in suspense, the oldest first."""
    lines = unit.session.connection().execute(
        text(
            "SELECT id, booked_on, amount_minor, currency, counterparty, counterparty_iban, text, match_trace"
            " FROM bank_line WHERE state = 'suspense' AND amount_minor <> 0"
            " ORDER BY booked_on, id LIMIT :limit"
        ),
        {"limit": limit},
    )
    rows = lines.all()
    claims = _proposed(unit, rows)
    return [
        SuspenseItem(
            row.id,
            row.booked_on,
            Money(row.amount_minor, row.currency),
            row.counterparty,
            row.counterparty_iban,
            row.text,
            business_days_since(row.booked_on, unit.today),
            tuple(_facts(row).get("reasons", ())),
            tuple(claims[key] for key in map(tuple, _facts(row).get("claims", ())) if key in claims),
        )
        for row in rows
    ]


def business_days_since(start: date, today: date) -> int:
    """This function will count the business days after a day, up to today; older than that is just old."""
    start = max(start, today - OLD)
    return sum(
        is_business_day(country="NL", day=date.fromordinal(day))
        for day in range(start.toordinal() + 1, today.toordinal() + 1)
    )


def _facts(row: Row[Any]) -> dict[str, Any]:
    return row.match_trace[0] if row.match_trace else {}


def _proposed(unit: Unit, rows: Sequence[Row[Any]]) -> dict[tuple[str, ...], Proposal]:
    ids = {claim_id for row in rows for _, claim_id in _facts(row).get("claims", ())}
    found = unit.session.connection().execute(
        text(
            "SELECT c.creditor_id, c.id, c.number, k.name AS creditor, d.name AS debtor FROM claim c"
            " JOIN creditor k ON k.id = c.creditor_id"
            " JOIN debtor d ON d.creditor_id = c.creditor_id AND d.id = c.debtor_id"
            " WHERE c.id = ANY(CAST(:ids AS uuid[]))"
        ),
        {"ids": sorted(ids)},
    )
    return {(str(row.creditor_id), str(row.id)): Proposal(*row) for row in found}


def _locked(unit: Unit, line_id: UUID) -> BankLine:
    line = unit.session.get(BankLine, line_id, with_for_update=True, populate_existing=True)
    if line is None:
        raise NotFound("no such line")
    return line
