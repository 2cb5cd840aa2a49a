"""Facts from outside are handled once in whatever way they are told; the audit chain shows any change."""

from itertools import permutations

import pytest
from sqlalchemy import create_engine, text

from agency.kernel import actor as registry
from agency.kernel.actor import actor
from agency.kernel.audit import record, verify_chain
from agency.kernel.ids import HOUSE
from agency.kernel.inbox import Told, receive, take_unhandled
from agency.kernel.outbox import drain
from agency.kernel.unit import Door, Unit

handled: list[str] = []


@actor()
def handle(unit: Unit, *, inbox_ids: list[str]) -> None:
    handled.extend(body["n"] for _, _, body in take_unhandled(unit, inbox_ids))


@pytest.fixture(autouse=True)
def _empty():
    handled.clear()


@pytest.fixture(autouse=True, scope="module")
def _forget():
    yield
    registry.ACTORS.pop(registry.actor_name(handle), None)


def test_duplicates_in_any_order_are_handled_once(units):
    for order in permutations(["a", "b", "a"]):
        for name in order:
            with units.open(Door.GATE, by="system:hook") as unit:
                receive(unit, source="vendor", facts=[Told(name, {"n": name})], handler=handle)
    drain(units)
    assert sorted(handled) == ["a", "b"]


def test_the_same_ids_given_to_two_handlers_are_taken_by_one(units):
    with units.open(Door.GATE, by="system:hook") as unit:
        receive(unit, source="vendor", facts=[Told("a", {"n": "a"})], handler=handle)
        ids = unit.session.connection().execute(text("SELECT id::text FROM inbox")).scalars().all()
    with units.open(Door.WORKER, by="system:test") as first:
        assert len(take_unhandled(first, ids)) == 1
    with units.open(Door.WORKER, by="system:test") as second:
        assert take_unhandled(second, ids) == []


class TestAuditChain:
    def test_an_untouched_chain_verifies(self, units):
        with units.open(Door.STAFF, by="user:1") as unit:
            for number in range(5):
                record(unit, action="thing.done", subject=f"thing:{number}", facts={"n": number})
        with units.open(Door.STAFF, by="user:1") as unit:
            assert verify_chain(unit, creditor_id=HOUSE) == type(verify_chain(unit, creditor_id=HOUSE))(
                5, None
            )

    @pytest.mark.parametrize(
        ("sabotage", "found_at"),
        [
            ("UPDATE audit_entry SET facts = '{\"n\": 9}' WHERE seq = 3", 3),
            ("DELETE FROM audit_entry WHERE seq = 2", 3),
            ("UPDATE audit_entry SET by = 'user:2' WHERE seq = 5", 5),
        ],
    )
    def test_what_a_superuser_changes_is_found_with_its_place(
        self, units, fresh_database, sabotage, found_at
    ):
        with units.open(Door.STAFF, by="user:1") as unit:
            for number in range(5):
                record(unit, action="thing.done", subject=f"thing:{number}", facts={"n": number})
        owner = create_engine(fresh_database[1])
        with owner.begin() as connection:
            connection.execute(text("ALTER TABLE audit_entry DISABLE TRIGGER append_only"))
            connection.execute(text("ALTER TABLE audit_entry NO FORCE ROW LEVEL SECURITY"))
            connection.execute(text(sabotage))
            connection.execute(text("ALTER TABLE audit_entry FORCE ROW LEVEL SECURITY"))
            connection.execute(text("ALTER TABLE audit_entry ENABLE TRIGGER append_only"))
        owner.dispose()
        with units.open(Door.STAFF, by="user:1") as unit:
            assert verify_chain(unit, creditor_id=HOUSE).broken_at == found_at
