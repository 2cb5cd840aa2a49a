"""Money in suspense: what waits and since when, settled by a person, and taken back when that was wrong."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text

from agency.banking.matching import SUSPENSE, look_again, payment_keys, shares_of
from agency.banking.models import BankLine, LineState, Verdict
from agency.banking.options import options_of
from agency.banking.payer_memory import teach, unlearn
from agency.calendar import is_business_day
from agency.kernel.audit import record
from agency.kernel.errors import Conflict, Invalid, NotFound
from agency.kernel.unit import Unit
from agency.money import Money
from agency.payments.cases import WHY_HELD
from agency.payments.models import PaymentSource
from agency.payments.settlement import Incoming, reverse_payment, settle_many

OLD = timedelta(days=90)
# A line whose money is going back to its sender, as a condition on `bank_line` under the name `l`.
GOING_BACK = (
    "EXISTS (SELECT FROM refund r WHERE r.line_id = l.id AND r.state NOT IN ('cancelled', 'rejected'))"
)
_ITEM = (
    "SELECT l.id, l.booked_on, l.amount_minor, l.currency, l.counterparty, l.counterparty_iban, l.text,"
    f" l.match_trace, u.name AS owner, k.due_on, {GOING_BACK} AS going_back, coalesce("
    " k.own_asked_by IS NOT NULL OR (k.park_asked_by IS NOT NULL AND k.parked_at IS NULL), false) AS to_agree"
    " FROM bank_line l LEFT JOIN suspense_case k ON k.line_id = l.id"
    " LEFT JOIN user_account u ON u.id = k.owner_id"
)
PARKED = "EXISTS (SELECT FROM suspense_case k WHERE k.line_id = l.id AND k.parked_at IS NOT NULL)"


class UnableToSettleLine(Conflict):
    """The line is not in suspense any more, or may not be booked on that claim."""


class UnableToUndo(Conflict):
    """The line was not settled on a claim, or what was overpaid with it left already."""


class BadSplit(Invalid):
    """The parts of a split are not the line, or not each of another claim."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """A claim that a line may be for."""

    creditor_id: UUID
    claim_id: UUID
    number: str
    creditor: str
    debtor: str


@dataclass(frozen=True, slots=True)
class Part:
    """What one claim gets of a line."""

    creditor_id: UUID
    claim_id: UUID
    amount: Money


@dataclass(frozen=True, slots=True)
class SuspenseItem:
    """A line that waits, how many business days already, and what it may be.

    `owner` is the name of who looks after it; `going_back` when a refund to its sender is under way,
    `to_agree` when somebody asked to park it, or to book it as the agency's own.
    """

    line_id: UUID
    booked_on: date
    amount: Money
    counterparty: str
    counterparty_iban: str
    text: str
    business_days: int
    reasons: tuple[str, ...]
    proposals: tuple[Proposal, ...]
    owner: str = ""
    due_on: date | None = None
    going_back: bool = False
    to_agree: bool = False


def settle_line(unit: Unit, *, line_id: UUID, creditor_id: UUID, claim_id: UUID) -> UUID:
    """This function will book a line in suspense on a claim, by a person's decision; in a plan over several
    claims, what that one does not take pays off the others.

    :returns: the payment, of several the first.
    :raises NotFound: no such line or claim.
    :raises UnableToSettleLine: settled already, not incoming, going back, or the claim takes no payments.
    """
    line = line_in_suspense(unit, line_id)
    paid = Money(line.amount_minor, line.currency)
    shares = shares_of(unit, claim=(creditor_id, claim_id), amount=paid, on=line.value_on)
    return _settle(unit, line, [Part(*key, share) for key, share in shares])[0]


def split_line(unit: Unit, *, line_id: UUID, parts: Sequence[Part]) -> list[UUID]:
    """This function will book a line in suspense on several claims, by a person's decision.

    :param parts: of different claims, together exactly the line.
    :returns: the payments, in the order given.
    :raises BadSplit: the parts are not that; nothing is booked.
    :raises NotFound, UnableToSettleLine: see `settle_line`; nothing is booked.
    """
    line = line_in_suspense(unit, line_id)
    paid = Money(line.amount_minor, line.currency)
    if len(parts) < 2 or len({(part.creditor_id, part.claim_id) for part in parts}) != len(parts):
        raise BadSplit("give two claims or more, each once")
    if any(part.amount.currency != paid.currency or part.amount.minor <= 0 for part in parts):
        raise BadSplit("each claim gets more than nothing")
    total = Money.total((part.amount for part in parts), paid.currency)
    if total != paid:
        raise BadSplit("the parts do not add up to the amount of the line")
    return _settle(unit, line, parts)


def _settle(unit: Unit, line: BankLine, parts: Sequence[Part]) -> list[UUID]:
    incoming = [
        Incoming(
            creditor_id=part.creditor_id,
            claim_id=part.claim_id,
            source=PaymentSource.BANK,
            source_key=payment_keys(unit, [line.id])[line.id],
            amount=part.amount,
            value_on=line.value_on,
            trust_account=SUSPENSE,
        )
        for part in parts
    ]
    settled = settle_many(unit, incoming)
    payments = [one.payment_id for one in settled if one.payment_id is not None]
    if len(payments) != len(parts):
        why = next(WHY_HELD[one.reason] for one in settled if one.payment_id is None)
        raise UnableToSettleLine(f"the claim takes no payment: {why}")
    only = parts[0] if len(parts) == 1 else None
    mark_line(
        unit,
        line=line,
        state=LineState.MATCHED,
        creditor_id=only.creditor_id if only else None,
        claim_id=only.claim_id if only else None,
    )
    _teach(unit, line, [(part.creditor_id, part.claim_id) for part in parts])
    for part in parts:
        record(
            unit,
            action="bank_line.settled",
            subject=f"bank_line:{line.id}",
            creditor_id=part.creditor_id,
            facts={"claim": str(part.claim_id), "amount_minor": part.amount.minor},
        )
    return payments


def _teach(unit: Unit, line: BankLine, chosen: Sequence[tuple[UUID, UUID]]) -> None:
    """Who chose claims said no to other debtors' that were proposed before them."""
    teach(unit, line=line, claims=chosen, verdict=Verdict.CONFIRMED)
    before: list[tuple[UUID, UUID]] = []
    for option in options_of(line.match_trace[0] if line.match_trace else {}):
        if any(key in chosen for key in option.claims):
            break
        before += option.claims
    if before:
        teach(unit, line=line, claims=before, verdict=Verdict.REFUSED, but=chosen)


def refuse_proposals(unit: Unit, *, line_id: UUID) -> None:
    """This function will keep that a line is for none of the debtors that are proposed, and look again.

    :raises NotFound: no such line.
    :raises UnableToSettleLine: it is not in suspense, or nothing is proposed.
    """
    line = line_in_suspense(unit, line_id)
    options = options_of(line.match_trace[0] if line.match_trace else {})
    if not options:
        raise UnableToSettleLine("nothing is proposed for this line")
    claims = list(dict.fromkeys(key for option in options for key in option.claims))
    teach(unit, line=line, claims=claims, verdict=Verdict.REFUSED)
    record(unit, action="bank_line.proposals_refused", subject=f"bank_line:{line_id}", facts={})
    look_again(unit, line_id=line_id)


def take_back_refusal(unit: Unit, *, line_id: UUID) -> None:
    """This function will let a line be for the debtors again that were refused, and look again.

    :raises NotFound: no such line.
    :raises UnableToSettleLine: it is not in suspense.
    """
    line_in_suspense(unit, line_id)
    unlearn(unit, line_id=line_id)
    record(unit, action="bank_line.refusal_taken_back", subject=f"bank_line:{line_id}", facts={})
    look_again(unit, line_id=line_id)


def undo_line(unit: Unit, *, line_id: UUID, why: str) -> None:
    """This function will take a line's settlement back: its payments are reversed, the line waits again.

    :raises NotFound: no such line.
    :raises UnableToUndo: it was not settled on a claim, or what was overpaid with it went back already.
    """
    line = locked_line(unit, line_id)
    payments = standing_payments(unit, line_id=line_id)
    if line.state != LineState.MATCHED or not payments:
        raise UnableToUndo("this line was not settled on a claim")
    if any(payment.left_already for payment in payments):
        raise UnableToUndo("what was overpaid with this line went back already")
    for payment in payments:
        reverse_payment(unit, creditor_id=payment.creditor_id, payment_id=payment.id, why=why)
    mark_line(unit, line=line, state=LineState.SUSPENSE, creditor_id=None, claim_id=None)
    unlearn(unit, line_id=line_id)
    for payment in payments:
        record(
            unit,
            action="bank_line.undone",
            subject=f"bank_line:{line_id}",
            creditor_id=payment.creditor_id,
            facts={"why": why},
        )


def standing_payments(unit: Unit, *, line_id: UUID) -> Sequence[Row[Any]]:
    """This function will return the payments that a line is booked as, in the order in which their claims are
    locked; `left_already` tells whether what was overpaid with one went back."""
    rows = unit.session.connection().execute(
        text(
            "SELECT p.creditor_id, p.id, EXISTS (SELECT FROM refund r WHERE r.creditor_id = p.creditor_id"
            "  AND r.payment_id = p.id AND r.state IN ('exported', 'paid')) AS left_already"
            " FROM payment p WHERE p.source = 'bank' AND starts_with(p.source_key, :line)"
            " AND p.reversed_at IS NULL ORDER BY p.creditor_id, p.claim_id, p.id"
        ),
        {"line": f"{line_id}#"},
    )
    return rows.all()


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


def suspense_items(
    unit: Unit, *, limit: int = 200, parked: bool = False, after: UUID | None = None
) -> list[SuspenseItem]:
    """This function will return the lines in suspense, the oldest first: those that wait, or those parked.

    :param after: begin after this line, to read on where a list ended.
    """
    lines = unit.session.connection().execute(
        text(
            f"{_ITEM} WHERE l.state = 'suspense' AND l.amount_minor <> 0"
            " AND (k.parked_at IS NOT NULL) = :parked"
            " AND (CAST(:after AS uuid) IS NULL OR (l.booked_on, l.id) >"
            "  (SELECT booked_on, id FROM bank_line WHERE id = :after))"
            " ORDER BY l.booked_on, l.id LIMIT :limit"
        ),
        {"limit": limit, "parked": parked, "after": after},
    )
    return _items(unit, lines.all())


def suspense_item(unit: Unit, *, line_id: UUID) -> SuspenseItem | None:
    """This function will return one line as it waits, None when it does not."""
    line = unit.session.connection().execute(
        text(f"{_ITEM} WHERE l.id = :line AND l.state = 'suspense'"),
        {"line": line_id},
    )
    return next(iter(_items(unit, line.all())), None)


def _items(unit: Unit, rows: Sequence[Row[Any]]) -> list[SuspenseItem]:
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
            row.owner or "",
            row.due_on,
            row.going_back,
            row.to_agree,
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
    ids = sorted({UUID(claim_id) for row in rows for _, claim_id in _facts(row).get("claims", ())})
    return {(str(one.creditor_id), str(one.claim_id)): one for one in claims_named(unit, ids)}


def claims_named(unit: Unit, claim_ids: Sequence[UUID]) -> list[Proposal]:
    """This function will return claims by their ids, with whose they are, in the order of their numbers."""
    if not claim_ids:
        return []
    found = unit.session.connection().execute(
        text(
            "SELECT c.creditor_id, c.id, c.number, k.name AS creditor, d.name AS debtor FROM claim c"
            " JOIN creditor k ON k.id = c.creditor_id"
            " JOIN debtor d ON d.creditor_id = c.creditor_id AND d.id = c.debtor_id"
            " WHERE c.id = ANY(:ids) ORDER BY c.number"
        ),
        {"ids": list(claim_ids)},
    )
    return [Proposal(*row) for row in found]


def line_in_suspense(unit: Unit, line_id: UUID) -> BankLine:
    """This function will return an incoming line that waits, with its row locked.

    :raises NotFound: no such line.
    :raises UnableToSettleLine: it does not wait, or goes back to its sender.
    """
    line = locked_line(unit, line_id)
    if line.state != LineState.SUSPENSE or line.amount_minor <= 0:
        raise UnableToSettleLine("this line is not in suspense")
    refuse_going_back(unit, line_id)
    return line


def refuse_going_back(unit: Unit, line_id: UUID) -> None:
    """This function will refuse a line whose money is on its way back to its sender.

    :raises UnableToSettleLine: it is.
    """
    going_back = unit.session.connection().execute(
        text(f"SELECT {GOING_BACK} FROM bank_line l WHERE l.id = :line"), {"line": line_id}
    )
    if going_back.scalar_one():
        raise UnableToSettleLine("this line is going back to its sender; cancel that refund first")


def locked_line(unit: Unit, line_id: UUID) -> BankLine:
    """This function will return a line with its row locked.

    :raises NotFound: no such line.
    """
    line = unit.session.get(BankLine, line_id, with_for_update=True, populate_existing=True)
    if line is None:
        raise NotFound("no such line")
    return line
