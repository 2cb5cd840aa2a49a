"""What happens to debts while the days pass: payments, promises, plans, holds, disputes, objections; each at
its hour. What the product refuses at that moment does not happen.
"""

import heapq
import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from uuid import UUID

from sqlalchemy import text

from agency.arrangements.plans import Wish, agree_plan
from agency.arrangements.promises import make_promise
from agency.claims.giving_up import give_up, only
from agency.claims.holds import lift_holds_on, place_hold
from agency.claims.itemisation import open_total
from agency.claims.lifecycle import claim_to_change, move
from agency.claims.states import ClaimState, HoldGround
from agency.disputes.raising import raise_dispute
from agency.kernel.errors import Conflict, Invalid
from agency.kernel.unit import AGENCY_ZONE, Unit
from agency.money import Money
from agency.payments.models import PaymentSource
from agency.payments.settlement import Incoming, settle_many
from agency.rules.authority import Act, Part
from portal.silence.diary import Debt, Diary

# How many of a hundred debts have what happen to them, within so many days of being handed over.
_CHANCES = (
    ("pays", 22, 75),
    ("pays_part", 9, 60),
    ("held", 8, 60),
    ("disputes", 3, 50),
    ("disputes_part", 4, 50),
    ("withdrawn", 4, 60),
    ("objects", 4, 50),
    ("given_up", 2, 60),
    ("contests_and_pays", 5, 60),
    ("promises", 8, 60),
    ("agrees_plan", 6, 50),
)
_HELD_DAYS = (4, 40)
_GROUNDS = {
    "NL": (HoldGround.WSNP, HoldGround.DEBT_HELP_NOTICE, HoldGround.DECEASED, HoldGround.COMPLAINT),
    "BE": (HoldGround.DEBT_MEDIATION, HoldGround.COLLECTIVE_SETTLEMENT, HoldGround.PLAN_REQUESTED),
}
_ANY_GROUND = (HoldGround.BANKRUPTCY, HoldGround.SAYS_PAID, HoldGround.NOT_ME, HoldGround.CREDITOR_ASKED)
_SUSPENSE = "trust.suspense"
_LIFTED, _PAYS = "lifted:", "pays:"
_PROMISE, _PLAN = "promise", "plan"
_THINKS_HOURS = (12, 240)  # between contesting a part and paying the rest, when messages are queued anew
_KEEPS_PROMISE = 60  # of a hundred who promise
_PARTS = text(
    "SELECT due_on, amount_minor FROM plan_instalment WHERE creditor_id = :creditor AND plan_id = :plan"
    " ORDER BY number"
)
_OBJECT = text(
    "UPDATE contact_point SET state = 'opted_out' WHERE creditor_id = :creditor AND debtor_id = :debtor"
)


@dataclass(order=True)
class Due:
    """Something that happens to a debt at a moment."""

    at: datetime
    number: int
    act: str = field(compare=False)
    claim_id: UUID = field(compare=False)


class Acts:
    """Lets happen what is due; every act goes through the room's own door and into the diary."""

    def __init__(self, *, diary: Diary, rng: random.Random) -> None:
        self.diary = diary
        self.rng = rng
        self.due: list[Due] = []
        self.count = 0

    def draw(self, debts: Sequence[Debt], now: datetime) -> None:
        """This function will draw what is going to happen to new debts, and when."""
        for debt in debts:
            for act, chance, days in _CHANCES:
                if self.rng.randrange(100) < chance:
                    later = timedelta(minutes=self.rng.randrange(days * 24 * 60))
                    self.plan(now + later, act, debt.claim_id)

    def plan(self, at: datetime, act: str, claim_id: UUID) -> None:
        """This function will have something happen at a moment."""
        self.count += 1
        heapq.heappush(self.due, Due(at, self.count, act, claim_id))

    def let_happen(self, unit: Unit) -> None:
        """This function will do everything that is due by now."""
        payments: list[Incoming] = []
        while self.due and self.due[0].at <= unit.now:
            due = heapq.heappop(self.due)
            debt = self.diary.debts[due.claim_id]
            if due.act.startswith("pays") and due.act != "pays_the_rest":
                payments += self._payment(unit, debt, due)
            else:
                self.one(unit, debt, due.act)
        if payments:
            settle_many(unit, payments)
            self._note_paid(unit, payments)

    def one(self, unit: Unit, debt: Debt, act: str) -> None:
        """This function will do one thing to one debt, unless it has ended."""
        if self.diary.has_ended(debt.claim_id):
            return
        if act.startswith(_LIFTED):
            self._lift(unit, debt, act.removeprefix(_LIFTED))
            return
        try:
            getattr(self, f"_{act}")(unit, debt)
        except (Conflict, Invalid):
            return
        self.diary.acts[act] += 1

    def pay_now(self, unit: Unit, debt: Debt) -> None:
        """This function will book a payment of all that is asked, at once."""
        incoming = self._payment(unit, debt, Due(unit.now, self.count, "pays", debt.claim_id))
        self.count += 1
        if incoming:
            settle_many(unit, incoming)
            self._note_paid(unit, incoming)

    def _payment(self, unit: Unit, debt: Debt, due: Due) -> list[Incoming]:
        if self.diary.has_ended(debt.claim_id):
            return []
        asked = open_total(unit, creditor_id=debt.creditor_id, claim_id=debt.claim_id, on=unit.today)
        amount = self._amount(due, asked)
        if amount.minor <= 0:
            return []
        self.diary.acts["pays_agreed" if due.act.startswith(_PAYS) else due.act] += 1
        return [self._incoming(debt, amount, unit.today)]

    def _amount(self, due: Due, asked: Money) -> Money:
        if due.act.startswith(_PAYS):
            return Money(min(asked.minor, int(due.act.removeprefix(_PAYS))), "EUR")
        return asked if due.act == "pays" else Money(asked.minor * self.rng.randint(5, 80) // 100, "EUR")

    def _incoming(self, debt: Debt, amount: Money, on: date) -> Incoming:
        self.count += 1
        return Incoming(
            creditor_id=debt.creditor_id, claim_id=debt.claim_id, source=PaymentSource.BANK,
            source_key=f"silence-{self.count}", amount=amount, value_on=on, trust_account=_SUSPENSE,
        )  # fmt: skip

    def _note_paid(self, unit: Unit, payments: Sequence[Incoming]) -> None:
        """Who pays has kept his word, also one that he gave in the same minute."""
        for one in payments:
            self.diary.lift(one.claim_id, _PROMISE, unit.now)
        paid = unit.session.connection().execute(
            text("SELECT id FROM claim WHERE id = ANY(:ids) AND state = 'paid'"),
            {"ids": [one.claim_id for one in payments]},
        )
        for claim_id in paid.scalars():
            self.diary.ended.setdefault(claim_id, unit.now)

    def _held(self, unit: Unit, debt: Debt) -> None:
        self._hold(unit, debt, self.rng.choice((*_GROUNDS.get(debt.country, ()), *_ANY_GROUND)))

    def _bankrupt(self, unit: Unit, debt: Debt) -> None:
        self._hold(unit, debt, HoldGround.BANKRUPTCY)

    def _hold(self, unit: Unit, debt: Debt, ground: HoldGround) -> None:
        place_hold(unit, creditor_id=debt.creditor_id, claim_id=debt.claim_id, ground=ground)
        self.diary.hold(debt.claim_id, ground, unit.now)
        days = self.rng.randint(*_HELD_DAYS)
        self.plan(unit.now + timedelta(days=days), f"{_LIFTED}{ground}", debt.claim_id)

    def _promises(self, unit: Unit, debt: Debt) -> None:
        """Promise a part of what is asked; most pay it on a day before."""
        asked = open_total(unit, creditor_id=debt.creditor_id, claim_id=debt.claim_id, on=unit.today)
        minor = asked.minor * self.rng.randint(20, 100) // 100
        due_on = unit.today + timedelta(days=self.rng.randint(3, 20))
        make_promise(
            unit,
            creditor_id=debt.creditor_id,
            claim_id=debt.claim_id,
            amount=Money(minor, "EUR"),
            due_on=due_on,
        )
        self.diary.hold(debt.claim_id, _PROMISE, unit.now, _end_of(due_on))
        if self.rng.randrange(100) < _KEEPS_PROMISE:
            self._will_pay(unit, debt, minor, due_on)

    def _agrees_plan(self, unit: Unit, debt: Debt) -> None:
        """Agree a plan by telephone, and keep some or all of it: until the first day missed it holds."""
        wish = Wish(
            first_on=unit.today + timedelta(days=self.rng.randint(3, 25)), count=self.rng.randint(2, 5)
        )
        plan = agree_plan(
            unit, creditor_id=debt.creditor_id, claim_ids=[debt.claim_id], wish=wish, why="on the telephone"
        )
        rows = unit.session.connection().execute(_PARTS, {"creditor": debt.creditor_id, "plan": plan.id})
        parts = [(row.due_on, row.amount_minor) for row in rows]
        kept = self.rng.randint(0, len(parts))
        self.diary.hold(debt.claim_id, _PLAN, unit.now, _end_of((parts[kept:] or parts[-1:])[0][0]))
        for due_on, minor in parts[:kept]:
            self._will_pay(unit, debt, minor, due_on)

    def _will_pay(self, unit: Unit, debt: Debt, minor: int, by: date) -> None:
        left = _end_of(by) - unit.now
        at = unit.now + left * self.rng.randint(50, 99) // 100
        self.plan(at, f"{_PAYS}{minor}", debt.claim_id)

    def _disputes(self, unit: Unit, debt: Debt) -> None:
        raise_dispute(unit, creditor_id=debt.creditor_id, claim_id=debt.claim_id, reason="quality")
        self.diary.hold(debt.claim_id, "dispute", unit.now)
        self.diary.contest(debt.claim_id, sum(owed.minor for owed in debt.invoices), unit.now)

    def _disputes_part(self, unit: Unit, debt: Debt) -> None:
        if debt.claim_id in self.diary.contested:
            return
        part = debt.invoices[0].minor * self.rng.randint(10, 60) // 100
        raise_dispute(
            unit, creditor_id=debt.creditor_id, claim_id=debt.claim_id, reason="quality",
            disputed=Money(part, "EUR"),
        )  # fmt: skip
        self.diary.contest(debt.claim_id, part, unit.now)

    def _contests_and_pays(self, unit: Unit, debt: Debt) -> None:
        """Contest a part, and pay everything else some days later."""
        self._disputes_part(unit, debt)
        later = timedelta(hours=self.rng.randint(*_THINKS_HOURS))
        self.plan(unit.now + later, "pays_the_rest", debt.claim_id)

    def _pays_the_rest(self, unit: Unit, debt: Debt) -> None:
        rest = open_total(
            unit, creditor_id=debt.creditor_id, claim_id=debt.claim_id, on=unit.today, undisputed=True
        )
        if rest.minor > 0:
            payment = [self._incoming(debt, rest, unit.today)]
            settle_many(unit, payment)
            self._note_paid(unit, payment)

    def _withdrawn(self, unit: Unit, debt: Debt) -> None:
        claim = claim_to_change(unit, creditor_id=debt.creditor_id, claim_id=debt.claim_id)
        move(unit, claim=claim, to=ClaimState.WITHDRAWN, why="the creditor took it back")
        self.diary.ended.setdefault(debt.claim_id, unit.now)

    def _objects(self, unit: Unit, debt: Debt) -> None:
        unit.session.connection().execute(_OBJECT, {"creditor": debt.creditor_id, "debtor": debt.debtor_id})
        self.diary.objected.setdefault(debt.debtor_id, unit.now)

    def _given_up(self, unit: Unit, debt: Debt) -> None:
        """Waive the whole principal; a claim on which interest or costs are owed stays open."""
        owed = (
            unit.session.connection()
            .execute(
                text(
                    "SELECT sum(amount_minor) FROM ledger_entry WHERE creditor_id = :creditor"
                    " AND claim_id = :claim AND account = 'claims.principal'"
                ),
                {"creditor": debt.creditor_id, "claim": debt.claim_id},
            )
            .scalar_one()
        )
        if owed and owed > 0:
            give_up(
                unit, creditor_id=debt.creditor_id, claim_id=debt.claim_id, act=Act.waiver,
                amounts=only(Part.principal, Money(int(owed), "EUR")), why="hardship",
                key=f"silence-{debt.number}",
            )  # fmt: skip
            self._note_closed(unit, debt)

    def _note_closed(self, unit: Unit, debt: Debt) -> None:
        claim = claim_to_change(unit, creditor_id=debt.creditor_id, claim_id=debt.claim_id)
        if claim.state == ClaimState.CLOSED:
            self.diary.ended.setdefault(debt.claim_id, unit.now)

    def _lift(self, unit: Unit, debt: Debt, ground: str) -> None:
        lift_holds_on(unit, creditor_id=debt.creditor_id, claim_id=debt.claim_id, ground=HoldGround(ground))
        self.diary.lift(debt.claim_id, ground, unit.now)


def _end_of(day: date) -> datetime:
    return datetime.combine(day + timedelta(days=1), time(0), AGENCY_ZONE)
