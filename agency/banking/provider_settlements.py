"""The lumps that the payment provider pays to the trust account, explained payment by payment.

A lump is booked only when its lines less its costs are exactly the amount on the bank, and every line is a
payment of ours; otherwise it waits in suspense, where its age blocks payouts until somebody explains it.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence, Set
from datetime import date, timedelta
from uuid import UUID

from sqlalchemy import text
from sqlmodel import col, select

from agency.banking.matching import SUSPENSE
from agency.banking.models import BankLine, LineState
from agency.banking.suspense import mark_line
from agency.kernel.ids import HOUSE
from agency.kernel.unit import Unit
from agency.ledger.models import Book
from agency.ledger.posting import Leg, Posting, post_many
from agency.money import Money
from agency.payments.provider_payments import TRUST_PSP
from agency.ports.providers import Settlement

KIND = "psp_settlement"

_LUMPS = text(
    "SELECT amount_minor, currency, min(booked_on) AS booked_on FROM bank_line WHERE state = 'suspense'"
    " AND amount_minor > 0 AND booked_on >= :from_on GROUP BY amount_minor, currency"
)
# In the order in which a payout keeps them from arriving, so that neither waits for the other for ever.
_PARTS = text(
    "INSERT INTO settlement_part (creditor_id, line_id, position, kind, provider_ref, amount_minor, currency)"
    " SELECT * FROM unnest(CAST(:creditors AS uuid[]), CAST(:lines AS uuid[]), CAST(:positions AS int[]),"
    " CAST(:kinds AS text[]), CAST(:refs AS text[]), CAST(:amounts AS bigint[]),"
    " CAST(:currencies AS text[]))"
)
_ARRIVED = text(
    "UPDATE payment_intent i SET arrived_on = :on FROM (SELECT creditor_id, id FROM payment_intent"
    " WHERE provider_ref = ANY(:refs) ORDER BY creditor_id, id FOR UPDATE) n"
    " WHERE i.creditor_id = n.creditor_id AND i.id = n.id"
)


def lumps_in_suspense(unit: Unit, *, days_back_max: timedelta) -> dict[Money, date]:
    """This function will return the amounts of incoming lines that nobody has explained yet, each with the
    bank's oldest day of it, not further back than some days."""
    rows = unit.session.connection().execute(_LUMPS, {"from_on": unit.today - days_back_max})
    return {Money(row.amount_minor, row.currency): row.booked_on for row in rows}


def unknown_payments(unit: Unit, settlements: Sequence[Settlement]) -> Sequence[str]:
    """This function will return the provider's references, in settlements, of payments unknown to us."""
    refs = {line.payment_ref for settlement in settlements for line in settlement.lines}
    return sorted(refs - _owners(unit, refs).keys())


def match_settlements(unit: Unit, *, settlements: Sequence[Settlement]) -> int:
    """This function will book every lump in suspense that a settlement explains; returns how many."""
    return sum(_book(unit, settlement) for settlement in settlements)


def _book(unit: Unit, settlement: Settlement) -> bool:
    line = unit.session.exec(
        select(BankLine)
        .where(
            BankLine.state == LineState.SUSPENSE,
            BankLine.amount_minor == settlement.amount.minor,
            BankLine.currency == settlement.amount.currency,
            col(BankLine.text).contains(settlement.reference, autoescape=True),
        )
        .with_for_update()
    ).first()
    owners = _owners(unit, {part.payment_ref for part in settlement.lines})
    per_creditor = _per_creditor(settlement, owners) if line and settlement.reference else None
    if line is None or per_creditor is None:
        return False
    post_many(unit, _postings(settlement, per_creditor, line))
    _keep_parts(unit, settlement, owners, line.id)
    mark_line(unit, line=line, state=LineState.PSP_SETTLEMENT, creditor_id=None, claim_id=None)
    refs = [part.payment_ref for part in settlement.lines if part.kind == "payment"]
    unit.session.connection().execute(_ARRIVED, {"refs": refs, "on": line.value_on})
    return True


def _keep_parts(unit: Unit, settlement: Settlement, owners: Mapping[str, UUID], line_id: UUID) -> None:
    parts: list[tuple[UUID, str, str, Money]] = [
        (owners[one.payment_ref], one.kind, one.payment_ref, one.amount) for one in settlement.lines
    ]
    if settlement.costs:
        parts.append((HOUSE, "costs", "", -settlement.costs))
    unit.session.connection().execute(
        _PARTS,
        {
            "creditors": [creditor_id for creditor_id, *_ in parts],
            "lines": [line_id] * len(parts),
            "positions": list(range(1, len(parts) + 1)),
            "kinds": [kind for _, kind, *_ in parts],
            "refs": [ref for _, _, ref, _ in parts],
            "amounts": [amount.minor for *_, amount in parts],
            "currencies": [amount.currency for *_, amount in parts],
        },
    )


def _per_creditor(settlement: Settlement, owners: Mapping[str, UUID]) -> dict[UUID, Money] | None:
    """Return what the lump brings each creditor, None when it is not explained to the cent."""
    zero = Money.zero(settlement.amount.currency)
    refs = {line.payment_ref for line in settlement.lines}
    explained = Money.total((line.amount for line in settlement.lines), zero.currency) - settlement.costs
    if len(owners) != len(refs) or explained != settlement.amount:
        return None
    shares: defaultdict[UUID, Money] = defaultdict(lambda: zero)
    for line in settlement.lines:
        shares[owners[line.payment_ref]] += line.amount
    return dict(shares)


def _owners(unit: Unit, refs: Set[str]) -> dict[str, UUID]:
    """Whose each payment is, of those that we know."""
    rows = unit.session.connection().execute(
        text("SELECT provider_ref, creditor_id FROM payment_intent WHERE provider_ref = ANY(:refs)"),
        {"refs": sorted(refs)},
    )
    return {row.provider_ref: row.creditor_id for row in rows}


def _postings(settlement: Settlement, shares: dict[UUID, Money], line: BankLine) -> list[Posting]:
    def posting(creditor_id: UUID, book: Book, *legs: Leg) -> Posting:
        return Posting(
            creditor_id=creditor_id,
            book=book,
            kind=KIND,
            source_key=settlement.ref,
            legs=legs,
            effective_on=line.value_on,
            memo=settlement.reference,
        )

    postings = [
        posting(creditor_id, Book.TRUST, Leg(SUSPENSE, share), Leg(TRUST_PSP, -share))
        for creditor_id, share in shares.items()
        if share
    ]
    costs = settlement.costs
    if costs:
        # The agency bears the provider's costs; they are never a creditor's.
        postings.append(posting(HOUSE, Book.TRUST, Leg("trust.agency", costs), Leg(SUSPENSE, -costs)))
        postings.append(
            posting(HOUSE, Book.AGENCY, Leg("agency.psp_costs", costs), Leg("agency.trust", -costs))
        )
    return postings
