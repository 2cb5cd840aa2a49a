"""A dispute stops collection at once, and its outcome decides what happens next."""

import pytest

from agency.claims.holds import lift_hold, place_hold, running_holds
from agency.claims.lifecycle import UnableToMove, claim_to_change, move
from agency.claims.states import MOVES, ClaimState, HoldGround
from agency.disputes.raising import open_dispute, raise_dispute
from agency.disputes.resolving import AlreadyResolved, resolve_dispute
from agency.kernel.emitting import install_reactions
from agency.kernel.errors import Invalid, NotFound
from agency.kernel.unit import Door
from agency.money import Money
from tests.intake.factories import a_creditor, a_file, a_row, place, rows_of


@pytest.fixture
def creditor_id(units):
    install_reactions({})
    found = a_creditor(units)
    place(units, found, a_file(a_row("F1", amount="100,00")))
    return found


@pytest.fixture
def claim_id(units, creditor_id):
    return rows_of(units, creditor_id, "SELECT id FROM claim")[0][0]


def staff(units):
    return units.open(Door.STAFF, by="user:collector")


def holds(units, creditor_id, claim_id):
    with staff(units) as unit:
        return [hold.ground for hold in running_holds(unit, creditor_id=creditor_id, claim_id=claim_id)]


class TestRaising:
    def test_holds_the_claim_and_tells(self, units, creditor_id, claim_id):
        with staff(units) as unit:
            raise_dispute(unit, creditor_id=creditor_id, claim_id=claim_id, reason="not_delivered")
        assert holds(units, creditor_id, claim_id) == [HoldGround.DISPUTE]
        assert rows_of(units, creditor_id, "SELECT disputed_minor FROM claim") == [(10_000,)]
        latest = "SELECT kind FROM event WHERE claim_id = :c ORDER BY position DESC LIMIT 2"
        kinds = rows_of(units, creditor_id, latest, c=claim_id)
        assert {kind for (kind,) in kinds} == {"DisputeRaised", "HoldPlaced"}

    def test_again_adds_words_to_the_open_one(self, units, creditor_id, claim_id):
        with staff(units) as unit:
            same = {"creditor_id": creditor_id, "claim_id": claim_id, "reason": "price"}
            one = raise_dispute(unit, **same, words="te duur", disputed=Money(1_000, "EUR"))
            two = raise_dispute(unit, **same, words="stuk", disputed=Money(2_000, "EUR"), substantiated=True)
            assert one == two
            found = open_dispute(unit, creditor_id=creditor_id, claim_id=claim_id)
            assert (found.text, found.disputed_minor, found.status) == (
                "te duur\nstuk",
                2_000,
                "substantiated",
            )
        # Row 109: the other 80 euros go on.
        assert holds(units, creditor_id, claim_id) == []

    @pytest.mark.parametrize(
        "part", [Money(0, "EUR"), Money(10_001, "EUR"), Money(-1, "EUR"), Money(1, "USD")]
    )
    def test_of_more_than_the_claim_is_refused_and_holds_nothing(self, units, creditor_id, claim_id, part):
        with pytest.raises(Invalid), staff(units) as unit:
            raise_dispute(unit, creditor_id=creditor_id, claim_id=claim_id, reason="x", disputed=part)
        assert holds(units, creditor_id, claim_id) == []

    def test_on_another_creditors_claim_finds_nothing(self, units, creditor_id, claim_id):
        other = a_creditor(units, "OTHER")
        with pytest.raises(NotFound), units.open(Door.CREDITOR, by="user:x", creditor_id=other) as unit:
            raise_dispute(unit, creditor_id=creditor_id, claim_id=claim_id, reason="x")
        assert rows_of(units, creditor_id, "SELECT count(*) FROM dispute") == [(0,)]


class TestResolving:
    def resolved(self, units, creditor_id, claim_id, outcome, part):
        with staff(units) as unit:
            dispute_id = raise_dispute(
                unit, creditor_id=creditor_id, claim_id=claim_id, reason="x", disputed=Money(part, "EUR")
            )
        with staff(units) as unit:
            resolve_dispute(
                unit, creditor_id=creditor_id, dispute_id=dispute_id, outcome=outcome, why="bewijs"
            )
        return dispute_id

    @pytest.mark.parametrize(
        ("outcome", "part", "disputed", "held"),
        [
            ("resolved_creditor", 10_000, 0, []),
            ("resolved_debtor", 4_000, 4_000, []),
            ("resolved_debtor", 10_000, 10_000, [HoldGround.DISPUTE]),
        ],
    )
    def test_decides_what_is_still_asked(self, units, creditor_id, claim_id, outcome, part, disputed, held):
        self.resolved(units, creditor_id, claim_id, outcome, part)
        assert rows_of(units, creditor_id, "SELECT disputed_minor FROM claim") == [(disputed,)]
        assert holds(units, creditor_id, claim_id) == held

    def test_happens_once(self, units, creditor_id, claim_id):
        dispute_id = self.resolved(units, creditor_id, claim_id, "resolved_creditor", 10_000)
        with pytest.raises(AlreadyResolved), staff(units) as unit:
            resolve_dispute(
                unit, creditor_id=creditor_id, dispute_id=dispute_id, outcome="resolved_debtor", why="x"
            )
        assert rows_of(units, creditor_id, "SELECT status FROM dispute") == [("resolved_creditor",)]


class TestHolds:
    def test_run_side_by_side_and_end_one_by_one(self, units, creditor_id, claim_id):
        with staff(units) as unit:
            promise = place_hold(unit, creditor_id=creditor_id, claim_id=claim_id, ground=HoldGround.PROMISE)
            assert promise == place_hold(
                unit, creditor_id=creditor_id, claim_id=claim_id, ground=HoldGround.PROMISE
            )
            place_hold(unit, creditor_id=creditor_id, claim_id=claim_id, ground=HoldGround.DEBT_HELP)
        assert holds(units, creditor_id, claim_id) == [HoldGround.PROMISE, HoldGround.DEBT_HELP]
        for _ in range(2):
            with staff(units) as unit:
                lift_hold(unit, creditor_id=creditor_id, hold_id=promise, why="betaald")
        assert holds(units, creditor_id, claim_id) == [HoldGround.DEBT_HELP]
        assert rows_of(units, creditor_id, "SELECT count(*) FROM event WHERE kind = 'HoldLifted'") == [(1,)]

    def test_with_an_end_stop_by_themselves(self, units, creditor_id, claim_id):
        with staff(units) as unit:
            place_hold(
                unit, creditor_id=creditor_id, claim_id=claim_id, ground=HoldGround.PROMISE, ends_at=unit.now
            )
        assert holds(units, creditor_id, claim_id) == []


class TestMoves:
    @pytest.mark.parametrize("to", list(ClaimState))
    @pytest.mark.parametrize("start", [ClaimState.QUOTED, ClaimState.CLOSED])
    def test_follow_the_table_and_nothing_else(self, units, creditor_id, claim_id, start, to):
        from sqlalchemy import text

        with staff(units) as unit:
            unit.session.connection().execute(text("UPDATE claim SET state = :s"), {"s": start.value})
        allowed = to in MOVES[start] or to == start
        try:
            with staff(units) as unit:
                move(
                    unit,
                    claim=claim_to_change(unit, creditor_id=creditor_id, claim_id=claim_id),
                    to=to,
                    why="test",
                )
        except UnableToMove:
            assert not allowed
            assert rows_of(units, creditor_id, "SELECT state FROM claim") == [(start.value,)]
        else:
            assert allowed
            assert rows_of(units, creditor_id, "SELECT state FROM claim") == [(to.value,)]
