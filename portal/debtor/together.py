"""The other claims of the same debtor at the same creditor, and payments for several of them at once.

They are found only for who proved to be the debtor himself, and each is read through a unit of its own that
sees that claim alone.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final
from uuid import UUID

from sqlalchemy import text

from agency.arrangements.dividing import claims_of_plan, debt_of, share_out
from agency.kernel.unit import Unit
from agency.money import Money
from agency.payments.intents import Part
from agency.rules.allocation_over_claims import OpenClaim
from agency.rules.facts import Law
from portal.debtor.views import HOLD_WORDS, ClaimView, claim_view
from portal.debtor.visits import Visit
from portal.shared.i18n import N_

OTHERS_MAX: Final = 20
# Nobody is kept from paying within a term that runs, or before the day that he promised.
_STILL_ASKED: Final = frozenset({"notice_running", "promise", "agreement_to_confirm"})
_RESTS: Final = {"plan_kept": N_("This is in a payment plan.")}
_PERSON: Final = text("SELECT set_config('app.person', :on, true)")
_OTHERS: Final = text(
    "SELECT id FROM claim WHERE creditor_id = :creditor AND debtor_id = :debtor AND id <> :claim"
    " AND state = 'active' ORDER BY due_on, number"
)
_NUMBERS: Final = text(
    "SELECT c.number, p.amount_minor, i.currency FROM payment_intent i JOIN payment_intent_part p"
    " ON p.creditor_id = i.creditor_id AND p.intent_id = i.id JOIN claim c ON c.creditor_id = p.creditor_id"
    " AND c.id = p.claim_id WHERE i.creditor_id = :creditor AND i.id = :intent ORDER BY p.place"
)


@dataclass(frozen=True, slots=True)
class OtherClaim:
    """Another claim with what is owed; `asked` is None where nothing is asked now, and `why` says why."""

    claim_id: UUID
    number: str
    description: str
    reference: str
    due_on: date | None
    owed: Money
    asked: Money | None
    why: str


@dataclass(frozen=True, slots=True)
class Together:
    """His other claims (`more` are not shown), and the parts of one payment for all that is asked."""

    claims: tuple[OtherClaim, ...]
    more: int
    parts: tuple[Part, ...]

    @property
    def all(self) -> Money | None:
        """What one payment for all that is asked comes to; None where that is one claim alone."""
        if len(self.parts) < 2:
            return None
        return Money.total((part.amount for part in self.parts), self.parts[0].amount.currency)


NOTHING: Final = Together((), 0, ())


def together(visit: Visit) -> Together:
    """This function will return the other claims that the visitor has proved to be his.

    What is disputed or rests is shown and not asked. A claim in another currency is paid by itself.
    """
    if not visit.person:
        return NOTHING
    with visit.unit() as unit:
        found = _as_person(unit, visit)
        own = claim_view(unit, creditor_id=visit.creditor_id, claim_id=visit.claim_id) if found else None
    if own is None:
        return NOTHING
    claims = [_other(visit, claim_id) for claim_id in found[:OTHERS_MAX]]
    asked = [(visit.claim_id, asked_of(own))] + [(one.claim_id, one.asked) for one in claims]
    currency = own.owed.total.currency
    parts = [Part(claim_id, owed) for claim_id, owed in asked if owed and owed.currency == currency]
    return Together(tuple(one for one in claims if one.owed), max(0, len(found) - OTHERS_MAX), tuple(parts))


def asked_of(view: ClaimView) -> Money | None:
    """This function will return what is asked on a claim now: what a settlement asks, else what nobody
    contests; None where it is disputed, rests or is paid off in a plan."""
    if not view.payable or set(view.grounds) - _STILL_ASKED or view.in_plan:
        return None
    return view.settlement.left if view.settlement else view.owed.total


def parts_paid(visit: Visit, intent_id: UUID) -> list[tuple[str, Money]]:
    """This function will return the numbers of the claims of a payment with what each gets; nothing for a
    payment of one claim, or for who proved that claim alone."""
    if not visit.person:
        return []
    with visit.unit() as unit:
        unit.session.connection().execute(_PERSON, {"on": "on"})
        rows = unit.session.connection().execute(
            _NUMBERS, {"creditor": visit.creditor_id, "intent": intent_id}
        )
        return [(row.number, Money(row.amount_minor, row.currency)) for row in rows]


def plan_parts(visit: Visit, amount: Money) -> tuple[Part, ...]:
    """This function will divide the next part of a plan over the claims that it covers, as the law does;
    nothing where the plan covers this claim alone. They are no more than what is owed on these."""
    with visit.unit() as unit:
        covered = claims_of_plan(unit, creditor_id=visit.creditor_id, claim_id=visit.claim_id)
        law, on = _law(unit, visit), unit.today
    if set(covered) <= {visit.claim_id}:
        return ()
    debts = [debt for claim_id in covered if (debt := _debt(visit, claim_id)) is not None]
    return tuple(
        Part(claim_id, share)
        for claim_id, share in share_out(law=law, amount=amount, on=on, named=visit.claim_id, debts=debts)
    )


def _as_person(unit: Unit, visit: Visit) -> Sequence[UUID]:
    """The wall is open for this one question."""
    connection = unit.session.connection()
    connection.execute(_PERSON, {"on": "on"})
    values = {"creditor": visit.creditor_id, "debtor": visit.debtor_id, "claim": visit.claim_id}
    found = connection.execute(_OTHERS, values).scalars().all()
    connection.execute(_PERSON, {"on": ""})
    return found


def _other(visit: Visit, claim_id: UUID) -> OtherClaim:
    with visit.beside(claim_id) as unit:
        view = claim_view(unit, creditor_id=visit.creditor_id, claim_id=claim_id)
    asked = asked_of(view)
    rests = [ground for ground in view.grounds if ground not in _STILL_ASKED]
    words = [_RESTS.get(ground) or HOLD_WORDS.get(ground, "") for ground in rests]
    why = next((one for one in words if one), N_("We ask nothing for this now."))
    return OtherClaim(
        claim_id=claim_id,
        number=view.number,
        description=view.description,
        reference=view.reference,
        due_on=min((invoice.due_on for invoice in view.owed.invoices), default=None),
        owed=view.owed.total,
        asked=asked,
        why="" if asked else why,
    )


def _debt(visit: Visit, claim_id: UUID) -> OpenClaim | None:
    with visit.unit() if claim_id == visit.claim_id else visit.beside(claim_id) as unit:
        return debt_of(unit, creditor_id=visit.creditor_id, claim_id=claim_id, on=unit.today)


def _law(unit: Unit, visit: Visit) -> Law:
    found = unit.session.connection().execute(
        text("SELECT law FROM claim WHERE creditor_id = :c AND id = :claim"),
        {"c": visit.creditor_id, "claim": visit.claim_id},
    )
    return Law(found.scalar_one())
