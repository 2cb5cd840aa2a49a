"""Waiver and write-off: a part of a claim given up by somebody who may, with the reason; and taken back.

Interest and costs that only ran so far are fixed in the ledger first, so that what is given up stands there.
"""

from collections.abc import Collection
from datetime import date
from uuid import UUID

from sqlalchemy import text

from agency.claims.itemisation import CRYSTALLISATION, itemise
from agency.claims.models import Claim
from agency.kernel.audit import record
from agency.kernel.errors import Forbidden, Invalid, NotFound
from agency.kernel.locks import lock_claims
from agency.kernel.unit import Unit
from agency.ledger.models import Book
from agency.ledger.posting import Leg, Posting, post_many, reverse
from agency.ledger.queries import claim_balance
from agency.money import Money
from agency.rules.authority import Act, Part, authority

KINDS = tuple(act.value for act in Act)


class MoreThanOpen(Invalid):
    """More would be given up than is owed of that part."""


class NoAuthority(Forbidden):
    """The person may not give this up; the message names the limit."""


class NoReason(Invalid):
    """Nothing is given up, nor taken back, without a reason."""


def give_up(
    unit: Unit,
    *,
    creditor_id: UUID,
    claim_id: UUID,
    act: Act,
    part: Part,
    amount: Money,
    why: str,
    key: str,
    roles: Collection[str],
    on: date | None = None,
) -> UUID:
    """This function will book that a part of a claim is given up, and return the transaction.

    :param key: names the decision; the same again changes nothing.
    :param on: the day from which it counts, today unless told otherwise.
    :raises NotFound: the creditor has no such claim.
    :raises NoReason: `why` is empty.
    :raises MoreThanOpen: the amount is not positive, or more than is owed of that part on the day.
    :raises NoAuthority: none of the roles may give up so much.
    """
    _refuse_without_reason(why)
    lock_claims(unit, creditor_id=creditor_id, claim_ids=[claim_id])
    day = on or unit.today
    standing = _standing(unit, creditor_id, act, key)
    if standing is not None:
        return standing
    _refuse(unit, creditor_id, claim_id, act, part, amount, roles, day)
    legs = (Leg("claims.control", amount, claim_id), Leg(f"claims.{part}", -amount, claim_id))
    decision = _posting(creditor_id, act.value, key, legs, day, why.strip())
    fixing = _fixing(unit, creditor_id, claim_id, part, act, key, day)
    transaction_id = post_many(unit, [*fixing, decision])[-1]
    record(
        unit,
        action=f"claim.{act}",
        subject=f"claim:{claim_id}",
        creditor_id=creditor_id,
        facts={"part": part.value, "minor": amount.minor, "currency": amount.currency, "key": key},
    )
    return transaction_id


def take_back(unit: Unit, *, creditor_id: UUID, transaction_id: UUID, why: str) -> UUID:
    """This function will make what was given up owed again, from the day on which it was given up.

    :returns: the reversal.
    :raises NoReason: `why` is empty.
    :raises NotFound: it is no waiver or write-off of this creditor.
    :raises AlreadyReversed: it was taken back before.
    """
    _refuse_without_reason(why)
    row = unit.session.connection().execute(
        text(
            "SELECT t.kind, t.effective_on, min(e.claim_id::text) AS claim_id FROM ledger_transaction t"
            " JOIN ledger_entry e ON e.creditor_id = t.creditor_id AND e.transaction_id = t.id"
            " WHERE t.creditor_id = :c AND t.id = :id AND t.kind = ANY(:kinds)"
            " GROUP BY t.kind, t.effective_on"
        ),
        {"c": creditor_id, "id": transaction_id, "kinds": list(KINDS)},
    )
    found = row.one_or_none()
    if found is None:
        raise NotFound("no such waiver")
    lock_claims(unit, creditor_id=creditor_id, claim_ids=[UUID(found.claim_id)])
    reversal = reverse(
        unit,
        creditor_id=creditor_id,
        transaction_id=transaction_id,
        source_key=f"taken_back:{unit.by}:{transaction_id}",
        why=why.strip(),
        effective_on=found.effective_on,
    )
    record(
        unit,
        action=f"claim.{found.kind}.taken_back",
        subject=f"claim:{found.claim_id}",
        creditor_id=creditor_id,
        facts={"transaction": str(transaction_id)},
    )
    return reversal


def given_up(unit: Unit, *, creditor_id: UUID, claim_id: UUID, currency: str) -> Money:
    """This function will return what was waived or written off of a claim and not taken back."""
    minor = unit.session.connection().execute(
        text(
            "SELECT coalesce(sum(e.amount_minor), 0)::bigint FROM ledger_entry e JOIN ledger_transaction t"
            " ON t.creditor_id = e.creditor_id AND t.id = e.transaction_id"
            " WHERE e.creditor_id = :c AND e.claim_id = :claim AND e.account = 'claims.control'"
            " AND t.kind = ANY(:kinds)"
        ),
        {
            "c": creditor_id,
            "claim": claim_id,
            "kinds": [name for kind in KINDS for name in (kind, f"{kind}.reversal")],
        },
    )
    return Money(minor.scalar_one(), currency)


def _refuse_without_reason(why: str) -> None:
    if not why.strip():
        raise NoReason("say why", field="why")


def _standing(unit: Unit, creditor_id: UUID, act: Act, key: str) -> UUID | None:
    found = unit.session.connection().execute(
        text(
            "SELECT id FROM ledger_transaction WHERE creditor_id = :c AND book = 'claims' AND kind = :kind"
            " AND source_key = :key"
        ),
        {"c": creditor_id, "kind": act.value, "key": key},
    )
    return found.scalar_one_or_none()


def _refuse(
    unit: Unit,
    creditor_id: UUID,
    claim_id: UUID,
    act: Act,
    part: Part,
    amount: Money,
    roles: Collection[str],
    day: date,
) -> None:
    claim = unit.session.get(Claim, (creditor_id, claim_id))
    if claim is None:
        raise NotFound("no such claim")
    if amount.currency != claim.currency:
        raise MoreThanOpen(f"this claim is in {claim.currency}", field="amount")
    open_now = _open(unit, creditor_id, claim_id, part, day)
    if not 0 < amount.minor <= open_now.minor:
        raise MoreThanOpen(f"{open_now} is owed of the {part}", field="amount")
    before = given_up(unit, creditor_id=creditor_id, claim_id=claim_id, currency=claim.currency)
    decided = authority(act=act, part=part, amount=amount, given_up_before=before, roles=roles, on=day)
    if not decided.allowed:
        raise NoAuthority(f"you may give up {decided.limit} of one claim, of which {before} is used")


def _open(unit: Unit, creditor_id: UUID, claim_id: UUID, part: Part, day: date) -> Money:
    owed = itemise(unit, creditor_id=creditor_id, claim_id=claim_id, on=day)
    if part is Part.principal:
        return owed.principal
    return owed.interest if part is Part.interest else owed.costs + owed.costs_vat


def _fixing(
    unit: Unit, creditor_id: UUID, claim_id: UUID, part: Part, act: Act, key: str, day: date
) -> list[Posting]:
    """Fix what ran of the part and does not stand in the ledger yet."""
    if part is Part.principal:
        return []
    booked = claim_balance(unit, creditor_id=creditor_id, claim_id=claim_id)
    stands = booked.interest if part is Part.interest else booked.costs
    ran = _open(unit, creditor_id, claim_id, part, day) - stands
    if ran.minor <= 0:
        return []
    legs = (Leg(f"claims.{part}", ran, claim_id), Leg("claims.control", -ran, claim_id))
    return [_posting(creditor_id, CRYSTALLISATION, f"{act}:{key}", legs, day, "")]


def _posting(creditor_id: UUID, kind: str, key: str, legs: tuple[Leg, ...], on: date, memo: str) -> Posting:
    return Posting(
        creditor_id=creditor_id,
        book=Book.CLAIMS,
        kind=kind,
        source_key=key,
        legs=legs,
        effective_on=on,
        memo=memo,
    )
