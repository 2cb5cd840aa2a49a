"""What brings a case to the desk by itself, and what takes it off again."""

from datetime import date

import pytest
from sqlalchemy import text

from agency.claims.holds import place_hold
from agency.claims.states import HoldGround
from agency.desk.models import WorkKind
from agency.desk.queue import RANKS
from agency.desk.reacting import look_into_disputes
from agency.disputes.models import Dispute
from agency.disputes.raising import raise_dispute
from agency.disputes.resolving import resolve_dispute
from agency.events import CallDue, ClaimPaidOff, PersonWanted, QuoteAccepted
from agency.intake.models import Placement
from agency.kernel.emitting import emit
from agency.kernel.ids import new_id
from agency.kernel.unit import Door
from agency.rules.facts import DisputeStatus
from tests.made import a_claim


def on_the_desk(desk):
    with desk.unit() as unit:
        rows = unit.session.connection().execute(
            text("SELECT kind, reason FROM work_item WHERE done_at IS NULL ORDER BY urgency")
        )
        return [tuple(row) for row in rows]


def told(desk, *events):
    with desk.office.unit() as unit:
        emit(unit, *events)
    desk.office.react()


class TestAsking:
    def test_the_path_comes_to_a_call(self, desk):
        creditor_id, claim_id = desk.claim()
        due = CallDue(creditor_id=creditor_id, claim_id=claim_id, step="call", cycle=1, why="7 days after")
        told(desk, due, due)
        assert on_the_desk(desk) == [("call_due", "7 days after")]
        told(desk, CallDue(creditor_id=creditor_id, claim_id=claim_id, step="call", cycle=2, why="again"))
        assert len(on_the_desk(desk)) == 2

    def test_a_room_wants_a_person(self, desk):
        creditor_id, claim_id = desk.claim()
        told(
            desk,
            PersonWanted(
                creditor_id=creditor_id,
                claim_id=claim_id,
                work_kind="unreachable",
                key="k",
                reason="no_number",
            ),
        )
        assert on_the_desk(desk) == [("unreachable", "no_number")]

    @pytest.mark.parametrize("ground", [HoldGround.NOT_ME, HoldGround.SAYS_PAID, HoldGround.DEBT_HELP])
    def test_an_answer_of_the_debtor_is_looked_into(self, desk, ground):
        creditor_id, claim_id = desk.claim()
        with desk.office.unit() as unit:
            debtor_id = unit.session.connection().execute(text("SELECT debtor_id FROM claim")).scalar_one()
        with desk.office.units.open(
            Door.DEBTOR, by=f"debtor:{debtor_id}", creditor_id=creditor_id, claim_id=claim_id,
            debtor_id=debtor_id,
        ) as unit:  # fmt: skip
            place_hold(unit, creditor_id=creditor_id, claim_id=claim_id, ground=ground)
        desk.office.react()
        assert on_the_desk(desk) == [("answer", ground.value)]

    def test_a_collectors_own_hold_asks_for_nobody(self, desk):
        creditor_id, claim_id = desk.claim()
        with desk.unit() as unit:
            place_hold(unit, creditor_id=creditor_id, claim_id=claim_id, ground=HoldGround.DEBT_HELP)
        desk.office.react()
        assert on_the_desk(desk) == []

    def test_disputes_known_at_intake_come_with_the_acceptance(self, desk):
        disputed, fine = desk.claim(), None
        with desk.office.unit() as unit:
            creditor_id = disputed[0]
            fine = a_claim(unit, creditor_id=creditor_id, invoices=[(10_000, date(2026, 10, 1))])
            placement = Placement(
                creditor_id=creditor_id, created_at=unit.now, received_at=unit.now, name="march.csv",
                received_by="x",
                sha256="0" * 64, media_type="text/csv", source="file",
            )  # fmt: skip
            unit.session.add(placement)
            unit.session.flush()
            unit.session.connection().execute(text("UPDATE claim SET placement_id = :p"), {"p": placement.id})
            unit.session.add(
                Dispute(
                    creditor_id=creditor_id,
                    claim_id=disputed[1],
                    status=DisputeStatus.raised,
                    reason="known_at_intake",
                    disputed_minor=100,
                    raised_at=unit.now,
                    raised_by="x",
                )
            )
            unit.session.flush()
            accepted = QuoteAccepted(creditor_id=creditor_id, quote_id=new_id(), placement_id=placement.id)
            look_into_disputes(unit, accepted)
            look_into_disputes(unit, accepted)
        assert fine != disputed[1]
        assert on_the_desk(desk) == [("dispute", "known_at_intake")]


class TestTakingBack:
    def test_paid(self, desk):
        claim = desk.claim()
        desk.ask(claim)
        told(desk, ClaimPaidOff(creditor_id=claim[0], claim_id=claim[1]))
        assert on_the_desk(desk) == []

    def test_a_dispute_with_an_outcome(self, desk):
        creditor_id, claim_id = desk.claim()
        with desk.office.unit() as unit:
            dispute_id = raise_dispute(
                unit, creditor_id=creditor_id, claim_id=claim_id, reason="wrong_amount"
            )
        desk.office.react()
        assert on_the_desk(desk) == [("dispute", "wrong_amount")]
        with desk.unit() as unit:
            resolve_dispute(
                unit, creditor_id=creditor_id, dispute_id=dispute_id, outcome="resolved_creditor", why="right"
            )
        desk.office.react()
        assert on_the_desk(desk) == []


def test_every_kind_of_work_has_its_place_in_the_queue():
    assert set(RANKS) == set(WorkKind)
    assert len(set(RANKS.values())) == len(RANKS)
