"""Waiver and write-off: parts of a claim given up in the ledger, with the reason; and taken back.

Interest and costs that only ran so far are fixed in the ledger first, so that what is given up stands there.
Who may is decided before (`waiver_requests`, or the agreement that it follows from).
"""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import text

from agency.claims.build_up import ItemisedClaim
from agency.claims.itemisation import CRYSTALLISATION, itemise
from agency.claims.lifecycle import claim_to_change, move
from agency.claims.models import Claim
from agency.claims.states import ClaimState
from agency.events import PartGivenUp, PartOwedAgain
from agency.kernel.audit import record
from agency.kernel.emitting import emit
from agency.kernel.errors import Invalid, NotFound
from agency.kernel.unit import Unit
from agency.ledger.models import Book
from agency.ledger.posting import Leg, Posting, post_many, reverse
from agency.ledger.queries import claim_balance
from agency.money import Money
from agency.rules.authority import Act, Part

KINDS = tuple(act.value for act in Act)
CLOSE_CODES = {Act.waiver: "waived", Act.write_off: "written_off"}


class MoreThanOpen(Invalid):
    """More would be given up than is owed of that part."""


class NoReason(Invalid):
    """Nothing is given up, nor taken back, without a reason."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ByPart:
    """An amount by what it is; costs include the VAT on them."""

    principal: Money
    interest: Money
    costs: Money

    @property
    def total(self) -> Money:
        """All three together."""
        return self.principal + self.interest + self.costs

    @property
    def parts(self) -> frozenset[Part]:
        """Of what there is anything."""
        return frozenset(part for part in Part if self.of(part))

    def of(self, part: Part) -> Money:
        """What there is of one part."""
        return {Part.principal: self.principal, Part.interest: self.interest, Part.costs: self.costs}[part]


def owed_by_part(owed: ItemisedClaim) -> ByPart:
    """This function will return what is owed on a claim by part."""
    return ByPart(principal=owed.principal, interest=owed.interest, costs=owed.costs + owed.costs_vat)


def only(part: Part, amount: Money) -> ByPart:
    """This function will return an amount that is all of one part."""
    zero = Money.zero(amount.currency)
    return ByPart(**{each.value: amount if each is part else zero for each in Part})


def give_up(
    unit: Unit,
    *,
    creditor_id: UUID,
    claim_id: UUID,
    act: Act,
    amounts: ByPart,
    why: str,
    key: str,
) -> UUID:
    """This function will book that parts of a claim are given up, and return the transaction.

    A claim on which nothing is owed any more is closed, and what was planned for it is dropped.

    :param key: names the decision; the same again changes nothing.
    :raises NotFound: the creditor has no such claim.
    :raises NoReason: `why` is empty.
    :raises MoreThanOpen: there is no amount, or more than is owed of a part today.
    """
    refuse_without_reason(why)
    claim = claim_to_change(unit, creditor_id=creditor_id, claim_id=claim_id)
    standing = _standing(unit, creditor_id, act, key)
    if standing is not None:
        return standing
    owed = owed_by_part(itemise(unit, creditor_id=creditor_id, claim_id=claim_id, on=unit.today))
    refuse_more_than_open(amounts, owed)
    transaction_id = _book(unit, claim, act, amounts, owed, why.strip(), key)
    if amounts.total == owed.total and claim.state == ClaimState.ACTIVE:
        move(unit, claim=claim, to=ClaimState.CLOSED, why=why.strip(), close_code=CLOSE_CODES[act])
    return transaction_id


def waive_rest(
    unit: Unit, *, creditor_id: UUID, claim_id: UUID, key: str, why: str, close_code: str
) -> UUID | None:
    """This function will waive everything that is still owed on a claim and close it as paid: an agreement
    was kept, or the house does not ask for so little.

    :param key: names what it follows from; the same key waives once, and once more after it was taken back.
    :returns: the waiver's transaction; None when nothing was owed.
    :raises NotFound: the creditor has no such claim.
    """
    claim = claim_to_change(unit, creditor_id=creditor_id, claim_id=claim_id)
    times, transaction_id = _waived_by(unit, creditor_id, key)
    owed = owed_by_part(itemise(unit, creditor_id=creditor_id, claim_id=claim_id, on=unit.today))
    if transaction_id is None and owed.total:
        fresh_key = f"{key}#{times + 1}" if times else key
        transaction_id = _book(unit, claim, Act.waiver, owed, owed, why, fresh_key)
    if claim.state == ClaimState.ACTIVE:
        move(unit, claim=claim, to=ClaimState.PAID, why=why, close_code=close_code)
    return transaction_id


def take_back(
    unit: Unit, *, creditor_id: UUID, transaction_id: UUID, why: str, key: str = "", on: date | None = None
) -> UUID:
    """This function will make what was given up owed again and bring a closed claim back to work.

    :param key: names the decision, by itself who takes back what; the same again changes nothing.
    :param on: from which day it is owed again; by itself from the day on which it was given up.
    :returns: the reversal.
    :raises NoReason: `why` is empty.
    :raises NotFound: it is no waiver or write-off of this creditor.
    :raises AlreadyReversed: it was taken back before.
    """
    refuse_without_reason(why)
    found = _booked(unit, creditor_id, transaction_id)
    claim = claim_to_change(unit, creditor_id=creditor_id, claim_id=found.claim_id)
    key = key or f"taken_back:{unit.by}:{transaction_id}"
    if again := _taken_back_by(unit, creditor_id, transaction_id, key):
        return again  # the claim may have ended since, and stays so
    reversal = reverse(
        unit,
        creditor_id=creditor_id,
        transaction_id=transaction_id,
        source_key=key,
        why=why.strip(),
        effective_on=on or found.effective_on,
    )
    if was_ended(claim):
        move(unit, claim=claim, to=ClaimState.ACTIVE, why=why.strip())
    emit(
        unit,
        PartOwedAgain(
            creditor_id=creditor_id,
            claim_id=claim.id,
            act=found.kind,
            amount_minor=found.minor,
            currency=claim.currency,
            why=why.strip(),
        ),
    )
    _audit(unit, claim, f"{found.kind}.taken_back", {"transaction": str(transaction_id)})
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


def was_ended(claim: Claim) -> bool:
    """This function will say whether a claim rests because nothing was owed on it: paid, or given up."""
    return claim.state == ClaimState.PAID or (
        claim.state == ClaimState.CLOSED and claim.close_code in CLOSE_CODES.values()
    )


def refuse_without_reason(why: str) -> None:
    """This function will refuse a decision that gives no reason.

    :raises NoReason: `why` is empty.
    """
    if not why.strip():
        raise NoReason("say why", field="why")


def refuse_more_than_open(amounts: ByPart, owed: ByPart) -> None:
    """This function will refuse amounts that cannot be given up, naming the part.

    :raises MoreThanOpen: there is none, one is negative, in another currency, or more than is owed.
    """
    for part in Part:
        amount, still_open = amounts.of(part), owed.of(part)
        if amount.currency != still_open.currency:
            raise MoreThanOpen("this claim is in another currency", field=part.value)
        if not 0 <= amount.minor <= still_open.minor:
            raise MoreThanOpen("less than this is owed of this part", field=part.value)
    if not amounts.total:
        raise MoreThanOpen("give an amount", field=Part.principal.value)


@dataclass(frozen=True, slots=True)
class _Booked:
    claim_id: UUID
    kind: str
    effective_on: date
    minor: int


def _booked(unit: Unit, creditor_id: UUID, transaction_id: UUID) -> _Booked:
    row = unit.session.connection().execute(
        text(
            "SELECT e.claim_id, t.kind, t.effective_on, e.amount_minor FROM ledger_transaction t"
            " JOIN ledger_entry e ON e.creditor_id = t.creditor_id AND e.transaction_id = t.id"
            "  AND e.account = 'claims.control'"
            " WHERE t.creditor_id = :c AND t.id = :id AND t.kind = ANY(:kinds)"
        ),
        {"c": creditor_id, "id": transaction_id, "kinds": list(KINDS)},
    )
    found = row.one_or_none()
    if found is None:
        raise NotFound("no such waiver")
    return _Booked(*found)


def _standing(unit: Unit, creditor_id: UUID, act: Act, key: str) -> UUID | None:
    found = unit.session.connection().execute(
        text(
            "SELECT id FROM ledger_transaction WHERE creditor_id = :c AND book = 'claims' AND kind = :kind"
            " AND source_key = :key"
        ),
        {"c": creditor_id, "kind": act.value, "key": key},
    )
    return found.scalar_one_or_none()


def _taken_back_by(unit: Unit, creditor_id: UUID, transaction_id: UUID, key: str) -> UUID | None:
    found = unit.session.connection().execute(
        text(
            "SELECT id FROM ledger_transaction WHERE creditor_id = :c AND reverses_id = :id"
            " AND source_key = :key"
        ),
        {"c": creditor_id, "id": transaction_id, "key": key},
    )
    return found.scalar_one_or_none()


def _waived_by(unit: Unit, creditor_id: UUID, key: str) -> tuple[int, UUID | None]:
    """How often something led to a waiver, and the one of them that was not taken back."""
    rows = unit.session.connection().execute(
        text(
            "SELECT t.id, EXISTS (SELECT FROM ledger_transaction r WHERE r.creditor_id = t.creditor_id"
            "  AND r.reverses_id = t.id) AS reversed FROM ledger_transaction t"
            " WHERE t.creditor_id = :c AND t.book = 'claims' AND t.kind = 'waiver'"
            " AND (t.source_key = :key OR starts_with(t.source_key, :key || '#'))"
        ),
        {"c": creditor_id, "key": key},
    )
    found = rows.all()
    return len(found), next((row.id for row in found if not row.reversed), None)


def _book(unit: Unit, claim: Claim, act: Act, amounts: ByPart, owed: ByPart, why: str, key: str) -> UUID:
    """Fix what ran of the parts and is not in the ledger yet, then take them off."""
    booked = claim_balance(unit, creditor_id=claim.creditor_id, claim_id=claim.id)
    ran = {
        part: owed.of(part) - (booked.interest if part is Part.interest else booked.costs)
        for part in (Part.interest, Part.costs)
        if amounts.of(part)
    }
    total_ran = Money.total(ran.values(), claim.currency)
    fixing = [Leg(f"claims.{part}", amount, claim.id) for part, amount in ran.items()]
    taking = [Leg(f"claims.{part}", -amounts.of(part), claim.id) for part in reversed(Part)]
    postings = [
        Posting(
            creditor_id=claim.creditor_id,
            book=Book.CLAIMS,
            kind=kind,
            source_key=source_key,
            legs=tuple(leg for leg in legs if leg.amount),
            effective_on=unit.today,
            memo=memo,
        )
        for kind, source_key, memo, legs in (
            (CRYSTALLISATION, f"{act}:{key}", "", [*fixing, Leg("claims.control", -total_ran, claim.id)]),
            (act.value, key, why, [Leg("claims.control", amounts.total, claim.id), *taking]),
        )
        if any(leg.amount for leg in legs)
    ]
    transaction_id = post_many(unit, postings)[-1]
    _tell_given_up(unit, claim, act, amounts, why, key)
    return transaction_id


def _tell_given_up(unit: Unit, claim: Claim, act: Act, amounts: ByPart, why: str, key: str) -> None:
    emit(
        unit,
        PartGivenUp(
            creditor_id=claim.creditor_id,
            claim_id=claim.id,
            act=act.value,
            amount_minor=amounts.total.minor,
            currency=claim.currency,
            why=why,
        ),
    )
    by_part = {f"{part}_minor": amounts.of(part).minor for part in Part}
    _audit(unit, claim, act.value, {**by_part, "currency": claim.currency, "key": key})


def _audit(unit: Unit, claim: Claim, what: str, facts: dict[str, str | int]) -> None:
    record(
        unit,
        action=f"claim.{what}",
        subject=f"claim:{claim.id}",
        creditor_id=claim.creditor_id,
        facts=facts,
    )
