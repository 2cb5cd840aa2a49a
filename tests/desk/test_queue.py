"""The queue: one case, one collector; the most urgent first; a late finisher changes nothing."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import text

from agency.claims.lifecycle import claim_to_change, move
from agency.claims.states import ClaimState
from agency.desk.models import WorkKind
from agency.desk.queue import (
    LEASE,
    RANKS,
    UnableToFinish,
    UnableToTake,
    drop_work,
    finish,
    put_back,
    put_off,
    take,
    take_next,
    urgency,
)
from agency.kernel.errors import Invalid
from agency.kernel.ids import new_id
from tests.communication.correspondence import TUESDAY

HOUR = timedelta(hours=1)


def take_one(desk, user_id=None):
    with desk.unit(user_id) as unit:
        return take_next(unit, user_id=user_id or desk.user_id)


def end(desk, case, user_id=None):
    with desk.unit(user_id) as unit:
        finish(
            unit,
            creditor_id=case.creditor_id,
            item_id=case.item_id,
            user_id=user_id or desk.user_id,
            generation=case.generation,
        )


class TestOrder:
    def test_rights_come_before_money_and_then_the_longest_wait(self, desk):
        claims = {kind: desk.claim() for kind in WorkKind}
        for kind in reversed(WorkKind):
            desk.ask(claims[kind], kind)
        older = desk.claim()
        desk.ask(older, WorkKind.CALL_DUE, due_at=TUESDAY - timedelta(days=3))
        taken = []
        while case := take_one(desk):
            taken.append((case.kind, case.claim_id))
            end(desk, case)
        by_rank = sorted(WorkKind, key=lambda kind: -RANKS[kind])
        expected = [(kind, claims[kind][1]) for kind in by_rank]
        expected.insert(by_rank.index(WorkKind.CALL_DUE), (WorkKind.CALL_DUE, older[1]))
        assert taken == expected

    @pytest.mark.parametrize("kind", WorkKind)
    def test_no_wait_outweighs_a_rank(self, kind):
        later, earlier = TUESDAY + timedelta(days=20_000), TUESDAY
        for other in WorkKind:
            if RANKS[other] < RANKS[kind]:
                assert urgency(kind=kind, due_at=later) < urgency(kind=other, due_at=earlier)

    def test_what_is_due_later_waits(self, desk):
        desk.ask(desk.claim(), WorkKind.CALL_BACK, due_at=TUESDAY + HOUR)
        assert take_one(desk) is None
        desk.office.move_to(TUESDAY + 2 * HOUR)
        assert take_one(desk) is not None

    def test_the_same_key_asks_once(self, desk):
        claim = desk.claim()
        desk.ask(claim)
        desk.ask(claim)
        end(desk, take_one(desk))
        desk.ask(claim)
        assert take_one(desk) is None

    def test_a_claim_that_is_paid_asks_for_nobody(self, desk):
        claim = desk.claim()
        desk.ask(claim)
        with desk.office.unit() as unit:
            found = claim_to_change(unit, creditor_id=claim[0], claim_id=claim[1])
            move(unit, claim=found, to=ClaimState.PAID, why="paid")
        assert take_one(desk) is None


class TestLease:
    def test_two_collectors_never_get_the_same_case(self, desk):
        for _ in range(12):
            desk.ask(desk.claim())
        collectors = [new_id() for _ in range(8)]
        start = threading.Barrier(len(collectors))

        def work(user_id):
            start.wait()
            taken = []
            while case := take_one(desk, user_id):
                taken.append(case.item_id)
                end(desk, case, user_id)
            return taken

        with ThreadPoolExecutor(len(collectors)) as pool:
            taken = [item for items in pool.map(work, collectors) for item in items]
        assert len(taken) == len(set(taken)) == 12

    def test_one_collector_pressing_twice_holds_one_case(self, desk):
        for _ in range(3):
            desk.ask(desk.claim())
        start = threading.Barrier(4)

        def press(_):
            start.wait()
            return take_one(desk)

        with ThreadPoolExecutor(4) as pool:
            cases = list(pool.map(press, range(4)))
        assert len({case.item_id for case in cases}) == 1

    def test_a_case_in_hand_is_not_anybodys_until_the_lease_ends(self, desk):
        desk.ask(desk.claim())
        mine, colleague = take_one(desk), new_id()
        assert take_one(desk, colleague) is None
        desk.office.move_to(TUESDAY + LEASE + HOUR)
        assert take_one(desk, colleague).item_id == mine.item_id

    def test_a_late_finisher_is_refused(self, desk):
        desk.ask(desk.claim())
        mine, colleague = take_one(desk), new_id()
        desk.office.move_to(TUESDAY + LEASE + HOUR)
        theirs = take_one(desk, colleague)
        with pytest.raises(UnableToFinish):
            end(desk, mine)
        end(desk, theirs, colleague)
        with pytest.raises(UnableToFinish):
            end(desk, theirs, colleague)

    def test_an_old_generation_of_the_same_collector_is_refused(self, desk):
        desk.ask(desk.claim())
        first = take_one(desk)
        desk.office.move_to(TUESDAY + LEASE + HOUR)
        second = take_one(desk)
        assert second.generation == first.generation + 1
        with pytest.raises(UnableToFinish):
            end(desk, first)
        end(desk, second)

    def test_whoever_finishes_is_on_the_audit(self, desk):
        desk.ask(desk.claim())
        case = take_one(desk)
        end(desk, case)
        with desk.unit() as unit:
            row = unit.session.connection().execute(
                text("SELECT by, facts FROM audit_entry WHERE action = 'case.finished'")
            )
            assert row.one() == (desk.by, {"claim": str(case.claim_id), "kind": "call_due"})


class TestChoosing:
    def test_a_chosen_case_replaces_the_one_in_hand(self, desk):
        urgent, chosen = desk.claim(), desk.claim()
        desk.ask(urgent, WorkKind.DISPUTE)
        desk.ask(chosen)
        case = take_one(desk)
        with desk.unit() as unit:
            item_id = unit.session.connection().execute(
                text("SELECT id FROM work_item WHERE claim_id = :c"), {"c": chosen[1]}
            )
            mine = take(unit, user_id=desk.user_id, creditor_id=chosen[0], item_id=item_id.scalar_one())
        assert mine.claim_id == chosen[1]
        assert take_one(desk).item_id == mine.item_id
        assert take_one(desk, new_id()).item_id == case.item_id

    def test_a_colleagues_case_is_refused(self, desk):
        desk.ask(desk.claim())
        case = take_one(desk)
        colleague = new_id()
        with pytest.raises(UnableToTake), desk.unit(colleague) as unit:
            take(unit, user_id=colleague, creditor_id=case.creditor_id, item_id=case.item_id)

    def test_put_back(self, desk):
        desk.ask(desk.claim())
        case = take_one(desk)
        with desk.unit() as unit:
            put_back(unit, user_id=desk.user_id)
        assert take_one(desk, new_id()).item_id == case.item_id


class TestPutOff:
    def put_off(self, desk, case, until):
        with desk.unit() as unit:
            put_off(
                unit,
                creditor_id=case.creditor_id,
                item_id=case.item_id,
                user_id=desk.user_id,
                generation=case.generation,
                until=until,
            )

    def test_it_comes_back_when_it_is_time(self, desk):
        desk.ask(desk.claim())
        case = take_one(desk)
        self.put_off(desk, case, TUESDAY + timedelta(days=1))
        assert take_one(desk) is None
        desk.office.move_to(TUESDAY + timedelta(days=1, minutes=1))
        assert take_one(desk).item_id == case.item_id

    @pytest.mark.parametrize("until", [TUESDAY - HOUR, TUESDAY + timedelta(days=91)])
    def test_only_to_a_moment_that_makes_sense(self, desk, until):
        desk.ask(desk.claim())
        case = take_one(desk)
        with pytest.raises(Invalid):
            self.put_off(desk, case, until)


class TestDropping:
    def test_what_is_in_hand_stays(self, desk):
        claim = desk.claim()
        desk.ask(claim)
        desk.ask(claim, WorkKind.CALL_BACK)
        case = take_one(desk)
        with desk.office.unit() as unit:
            drop_work(unit, creditor_id=claim[0], claim_id=claim[1])
        end(desk, case)
        assert take_one(desk) is None

    def test_only_the_kinds_that_are_named(self, desk):
        claim = desk.claim()
        desk.ask(claim)
        desk.ask(claim, WorkKind.DISPUTE)
        with desk.office.unit() as unit:
            drop_work(unit, creditor_id=claim[0], claim_id=claim[1], kinds=[WorkKind.DISPUTE])
        assert take_one(desk).kind == WorkKind.CALL_DUE
