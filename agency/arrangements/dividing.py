"""Dividing money that comes in for one claim of a plan over all claims that the plan covers, by law."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text

from agency.claims.itemisation import ClaimKey, ItemisedClaim, itemise_many
from agency.kernel.claim_sets import ClaimSet
from agency.kernel.unit import Unit
from agency.money import Money
from agency.rules.allocation_over_claims import OpenClaim, allocate_over_claims
from agency.rules.facts import Law

_TOGETHER = text(
    "SELECT w.creditor_id, w.claim_id AS named, c.id, c.law, c.currency, c.due_on,"
    " (SELECT min(i.issued_on) FROM invoice i WHERE i.creditor_id = c.creditor_id AND i.claim_id = c.id)"
    " AS arose"
    " FROM unnest(CAST(:creditors AS uuid[]), CAST(:claims AS uuid[])) AS w(creditor_id, claim_id)"
    " JOIN claim n ON n.creditor_id = w.creditor_id AND n.id = w.claim_id AND n.state IN ('active', 'paid')"
    " JOIN plan_claim mine ON mine.creditor_id = n.creditor_id AND mine.claim_id = n.id AND mine.live"
    " JOIN plan p ON p.creditor_id = mine.creditor_id AND p.id = mine.plan_id AND p.state = 'active'"
    " JOIN plan_claim pc ON pc.creditor_id = mine.creditor_id AND pc.plan_id = mine.plan_id"
    " JOIN claim c ON c.creditor_id = pc.creditor_id AND c.id = pc.claim_id AND c.state = 'active'"
    " ORDER BY w.creditor_id, w.claim_id, c.id"
)

_COVERED = text(
    "SELECT pc.claim_id FROM plan_claim mine JOIN plan p ON p.creditor_id = mine.creditor_id"
    " AND p.id = mine.plan_id AND p.state = 'active' JOIN plan_claim pc ON pc.creditor_id = mine.creditor_id"
    " AND pc.plan_id = mine.plan_id WHERE mine.creditor_id = :c AND mine.claim_id = :claim AND mine.live"
    " ORDER BY pc.claim_id"
)
_DEBT = text(
    "SELECT c.id, c.due_on, (SELECT min(i.issued_on) FROM invoice i WHERE i.creditor_id = c.creditor_id"
    " AND i.claim_id = c.id) AS arose FROM claim c WHERE c.creditor_id = :c AND c.id = :claim"
    " AND c.state = 'active'"
)


def claims_together(unit: Unit, *, keys: Collection[ClaimKey]) -> Mapping[ClaimKey, Sequence[ClaimKey]]:
    """This function will return, for each claim whose running plan has others that are still collected, the
    claims that money for it may pay off: itself and those."""
    return {
        key: [(row.creditor_id, row.id) for row in rows] for key, rows in _together(unit, set(keys)).items()
    }


def divide_payment(
    unit: Unit, *, creditor_id: UUID, claim_id: UUID, amount: Money, on: date
) -> Sequence[tuple[UUID, Money]]:
    """This function will tell how a payment on one claim of a running plan is spread over the plan's claims.

    The claim that the payer named comes first (BW 6:43(1), old BW 1253). The plan names the others: what is
    left goes to them as the law orders them. What nobody owes stays with the named claim, where it is owed
    back.

    :param on: the payment's value date.
    :returns: claims with what each gets, together the amount, the named one first; that claim alone when no
        plan spreads it.
    """
    rows = _together(unit, {(creditor_id, claim_id)}).get((creditor_id, claim_id))
    if rows is None or rows[0].currency != amount.currency:
        return [(claim_id, amount)]
    asked = itemise_many(unit, keys=[(creditor_id, row.id) for row in rows], on=on)
    debts = [_debt(row, asked[creditor_id, row.id]) for row in rows]
    shared = share_out(law=Law(rows[0].law), amount=amount, on=on, named=claim_id, debts=debts)
    over = amount - Money.total((share for _, share in shared), amount.currency)
    if not over:
        return shared
    given = {claim_id: over} if not any(each == claim_id for each, _ in shared) else {}
    return [*given.items(), *((each, share + over if each == claim_id else share) for each, share in shared)]


def share_out(
    *, law: Law, amount: Money, on: date, named: UUID, debts: Sequence[OpenClaim]
) -> list[tuple[UUID, Money]]:
    """This function will spread money over the debts of one plan: the named one first, the others as the law
    orders them, none more than is owed on it.

    :returns: what each gets, the named one first; less than the amount where less is owed.
    """
    others = [debt for debt in debts if debt.key != str(named)]
    own = Money.total((debt.owed for debt in debts if debt.key == str(named)), amount.currency)
    first = min(amount, own)
    shares = allocate_over_claims(law=law, paid=amount - first, on=on, claims=others)
    given = {named: first} | {
        UUID(key): part.costs + part.interest + part.principal for key, part in shares.by_claim.items()
    }
    return [(each, share) for each, share in given.items() if share]


def claims_of_plan(unit: Unit, *, creditor_id: UUID, claim_id: UUID) -> Sequence[UUID]:
    """This function will return the claims of a claim's running plan, also for its debtor, whose door reaches
    none but one of them; nothing without such a plan."""
    found = unit.session.connection().execute(_COVERED, {"c": creditor_id, "claim": claim_id})
    return found.scalars().all()


def debt_of(unit: Unit, *, creditor_id: UUID, claim_id: UUID, on: date) -> OpenClaim | None:
    """This function will return what is owed on a claim as a debt among others; None where it is not
    collected any more."""
    row = unit.session.connection().execute(_DEBT, {"c": creditor_id, "claim": claim_id}).one_or_none()
    if row is None:
        return None
    asked = itemise_many(unit, keys=[(creditor_id, claim_id)], on=on)
    return _debt(row, asked[creditor_id, claim_id])


def _together(unit: Unit, keys: Collection[ClaimKey]) -> dict[ClaimKey, list[Row[Any]]]:
    """The claims still collected of the plan of each claim, where these are others than the claim alone."""
    found: defaultdict[ClaimKey, list[Row[Any]]] = defaultdict(list)
    claims = ClaimSet.of(keys)
    values = {"creditors": claims.creditors, "claims": claims.claims}
    for row in unit.session.connection().execute(_TOGETHER, values):
        found[row.creditor_id, row.named].append(row)
    return {key: rows for key, rows in found.items() if any(row.id != key[1] for row in rows)}


def _debt(row: Row[Any], asked: ItemisedClaim) -> OpenClaim:
    return OpenClaim(
        key=str(row.id),
        costs=asked.costs + asked.costs_vat,
        interest=asked.interest,
        principal=asked.principal,
        due=row.due_on,
        arose=row.arose or row.due_on,
    )
