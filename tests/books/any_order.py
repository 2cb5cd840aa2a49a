"""Everything that moves money, in any order: the whole machine."""

from datetime import timedelta

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from agency.arrangements.deciding import cancel_plan
from agency.arrangements.keeping import check_plans
from agency.arrangements.plans import Wish, agree_plan
from agency.arrangements.promises import check_promises, make_promise
from agency.arrangements.settlements import check_settlements, decide_settlement, offer_settlement
from agency.claims.giving_up import give_up, only, take_back
from agency.kernel.clock import move_clock
from agency.remittance.withdrawing import withdraw_claim
from agency.rules.authority import Act, Part
from tests.books.claim_account import Parts
from tests.books.coming_in import ANY, WHICH, eur
from tests.books.going_out import GoingOut
from tests.books.ground import Ground

DAYS_MAX = 250
"""Within a year of default the agreed interest is simple, which the own books reckon with."""


class AnyOrder(GoingOut):
    """Agreements, waivers, withdrawals and days, beside all that comes in and goes out."""

    @rule(which=WHICH, share=st.integers(1, 100), days=st.integers(0, 20))
    def promise(self, which, share, days):
        creditor_id, claim_id = self.claims[which]
        minor = self.amount(which, None) * share // 100
        self.attempt(
            lambda unit: make_promise(
                unit,
                creditor_id=creditor_id,
                claim_id=claim_id,
                amount=eur(minor),
                due_on=unit.today + timedelta(days=days),
            )
        )

    @rule(which=WHICH, count=st.integers(1, 6))
    def agree_instalments(self, which, count):
        creditor_id, claim_id = self.claims[which]
        self.attempt(
            lambda unit: agree_plan(
                unit,
                creditor_id=creditor_id,
                claim_ids=[claim_id],
                why="agreed by phone",
                wish=Wish(first_on=unit.today + timedelta(days=5), count=count),
            )
        )

    @rule(which=ANY)
    def end_a_plan(self, which):
        found = self.rows("SELECT creditor_id, id FROM plan WHERE state = 'active' ORDER BY id")
        for row in found[which % len(found) :][:1] if found else ():
            self.attempt(
                lambda unit, row=row: cancel_plan(
                    unit, creditor_id=row.creditor_id, plan_id=row.id, why="asked"
                )
            )

    @rule(which=WHICH, share=st.integers(30, 99), days=st.integers(0, 10))
    def settle_for_less(self, which, share, days):
        creditor_id, claim_id = self.claims[which]
        minor = self.amount(which, None) * share // 100
        settlement_id = self.attempt(
            lambda unit: offer_settlement(
                unit,
                creditor_id=creditor_id,
                claim_id=claim_id,
                amount=eur(minor),
                why="agreed",
                pay_by=unit.today + timedelta(days=days),
            )
        )
        if settlement_id:
            self.attempt(
                lambda unit: decide_settlement(
                    unit, creditor_id=creditor_id, settlement_id=settlement_id, accept=True
                )
            )

    @rule(which=WHICH, act=st.sampled_from(Act), part=st.sampled_from(Part), share=st.integers(1, 100))
    def give_a_part_up(self, which, act, part, share):
        creditor_id, claim_id = self.claims[which]
        owed = self.books.claims[claim_id].owed(self.today)._asdict()[part.value]
        minor = owed * share // 100
        key = f"decision-{len(self.decisions)}"
        self.decisions[key] = Parts(0, 0, 0)._replace(**{part.value: minor})
        self.attempt(
            lambda unit: give_up(
                unit,
                creditor_id=creditor_id,
                claim_id=claim_id,
                act=act,
                amounts=only(part, eur(minor)),
                why="lenience",
                key=key,
            )
        )

    @precondition(lambda self: self.books.given_up)
    @rule(which=ANY)
    def owe_it_again(self, which):
        """Only what somebody decided on; what an agreement waived comes back with its payment."""
        found = self.rows(
            "SELECT creditor_id, id FROM ledger_transaction WHERE kind IN ('waiver', 'write_off')"
            " AND starts_with(source_key, 'decision-') ORDER BY id"
        )
        for row in found[which % len(found) :][:1] if found else ():
            self.attempt(
                lambda unit, row=row: take_back(
                    unit, creditor_id=row.creditor_id, transaction_id=row.id, why="wrong"
                )
            )

    @rule(which=WHICH, sure=st.sampled_from([False, False, True]))
    def withdraw(self, which, sure):
        """D11; seldom, for nothing can be done with a claim after it."""
        creditor_id, claim_id = self.claims[which]
        if sure and self.works(
            lambda unit: withdraw_claim(
                unit, creditor_id=creditor_id, claim_id=claim_id, why="settled itself"
            )
        ):
            self.books.withdraw(claim_id)

    @rule(stand_still=st.booleans())
    def workers(self, stand_still):
        """Reactions come late when no worker is there."""
        self.workers_stand_still = stand_still

    @rule(days=st.sampled_from([1, 1, 1, 2, 3, 7, 30]))
    def days_pass(self, days):
        """And the daily jobs run."""
        if (self.today - self.begun_on).days + days > DAYS_MAX:
            return
        self.follow()
        with self.unit() as unit:
            move_clock(unit, to=unit.now + timedelta(days=days), production=False)
        with self.unit() as unit:
            self.today = unit.today
            check_promises(unit)
            check_plans(unit)
            check_settlements(unit)


def machine(ground: Ground) -> type[AnyOrder]:
    """The machine on copies of one ground."""
    return type("AnyOrder", (AnyOrder,), {"ground": ground})


def plan(*, examples: int, steps: int, shrink: bool = True) -> settings:
    """How long to run it."""
    phases = [Phase.generate, Phase.shrink] if shrink else [Phase.generate]
    return settings(
        max_examples=examples,
        stateful_step_count=steps,
        deadline=None,
        database=None,
        derandomize=False,  # the profile of CI would give every part the same order, whatever its seed
        phases=phases,
        suppress_health_check=list(HealthCheck),
    )
