"""A customer that the creditor wants to keep: from its page to the path, the queue and the collector."""

import pytest

from agency.kernel.errors import Invalid, NotFound
from agency.kernel.ids import new_id
from agency.kernel.outbox import drain
from agency.kernel.unit import Door
from agency.parties.relations import mark_relation
from tests.known_before import house, outside_world, simulator

__all__ = ["house", "outside_world", "simulator"]


def mark(house, claim_id, important=True, why="Our largest customer", creditor_id=None):
    with house.open(Door.CREDITOR, creditor_id or house.creditor_id) as unit:
        mark_relation(
            unit,
            creditor_id=creditor_id or house.creditor_id,
            claim_id=claim_id,
            important=important,
            why=why,
        )
    drain(house.work.units)


def paths(house):
    rows = house.rows(
        "SELECT p.key FROM treatment t JOIN treatment_path p ON p.id = t.path_id ORDER BY t.started_at, t.id"
    )
    return [row.key for row in rows]


class TestMarking:
    def test_asks_for_one_call_and_new_claims_follow_the_gentle_path(self, house):
        house.accept(house.place({}))
        claim_id = house.one("SELECT id FROM claim")
        mark(house, claim_id)
        mark(house, claim_id)
        assert house.one("SELECT count(*) FROM work_item WHERE reason = 'important_relation'") == 1
        assert house.one("SELECT count(*) FROM event WHERE kind = 'RelationMarked'") == 1
        house.accept(house.place({"invoice_number": "F-9"}, name="d.csv"))
        assert paths(house) == ["nl-consumer", "nl-consumer-relation"]

    def test_is_taken_away_again(self, house):
        house.accept(house.place({}))
        claim_id = house.one("SELECT id FROM claim")
        mark(house, claim_id)
        mark(house, claim_id, important=False)
        house.accept(house.place({"invoice_number": "F-9"}, name="d.csv"))
        assert paths(house) == ["nl-consumer", "nl-consumer"]

    def test_a_claim_of_another_creditor_is_not_found(self, house):
        with pytest.raises(NotFound):
            mark(house, new_id())

    def test_a_long_reason_is_refused(self, house):
        house.accept(house.place({}))
        with pytest.raises(Invalid):
            mark(house, house.one("SELECT id FROM claim"), why="x" * 201)
