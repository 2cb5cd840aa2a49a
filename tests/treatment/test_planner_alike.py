"""Claims that stand alike are decided on together: what is planned is what each would get by itself."""

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from agency.claims.holds import lift_holds_on, place_hold
from agency.claims.states import HoldGround
from agency.kernel.unit import Door, Unit
from agency.money import Money
from agency.payments.models import PaymentSource
from agency.payments.settlement import settle
from agency.rules import reanchor
from agency.rules.facts import DebtorKind
from agency.treatment import jobs
from agency.treatment.planner import plan_due
from agency.treatment.starting import start_treatment
from tests.communication.correspondence import Office, a_correspondent
from tests.treatment.test_paths import noon

TODAY = date(2026, 12, 10)
STEPS = ("reminder_1", "reminder_2", "early_call", "formal_notice", "formal_notice_copy")

_STEP = text(
    "INSERT INTO treatment_step (creditor_id, id, claim_id, step, cycle, channel, due_at, state, done_at,"
    " why, trace) VALUES (:creditor, uuidv7(), :claim, :step, 1, :channel, :at, :state, :at, 'test', '[]')"
)
_PLANNED = text(
    "SELECT s.claim_id, s.step, s.cycle, s.channel, s.due_at, s.state, s.why, s.trace, m.channel AS by,"
    " m.due_at AS at, t.key AS template, m.amounts FROM treatment_step s"
    " LEFT JOIN message m USING (creditor_id, claim_id, step, cycle) LEFT JOIN template t ON t.id ="
    " m.template_id WHERE s.why <> 'test' ORDER BY s.claim_id, s.step"
)
_STANDS = text(
    "SELECT t.claim_id, t.next_on, t.ended_at, t.end_reason, t.walked_at, c.phase FROM treatment t"
    " JOIN claim c ON c.id = t.claim_id ORDER BY t.claim_id"
)
_TOLD = text("SELECT kind, claim_id, facts - 'call_id' FROM event ORDER BY kind, claim_id, facts::text")

CLAIMS = st.fixed_dictionaries(
    {
        "kind": st.sampled_from([DebtorKind.consumer, DebtorKind.company]),
        # On, around and far from the bounds of the default paths.
        "minor": st.sampled_from([4_900, 50_000, 50_001, 250_000, 250_001, 1_000_001]),
        "due": st.integers(-40, 3),
        "taken": st.lists(
            st.tuples(st.sampled_from(["done", "done", "dropped", "planned"]), st.integers(0, 9)), max_size=5
        ),
        "late": st.integers(0, 5),
        "act": st.sampled_from([None, None, None, "held", "lifted", "paid", "closed"]),
        "email": st.sampled_from([None, "debtor@example.org"]),
        "phone": st.sampled_from([None, "+31612345678"]),
    }
)


USUAL = {"kind": DebtorKind.consumer, "minor": 40_215, "due": -9, "taken": [], "late": 0, "act": None,
         "email": "debtor@example.org", "phone": None}  # fmt: skip


@pytest.fixture
def office(units):
    return Office(units).open_up(noon(TODAY))


def place(unit: Unit, told: dict[str, Any], number: int) -> tuple[Any, Any]:
    """One claim as it was drawn, on its path."""
    due_on = TODAY + timedelta(days=told["due"])
    creditor_id, claim_id = a_correspondent(
        unit,
        debtor=told["kind"],
        invoices=[(told["minor"], due_on)],
        email=told["email"],
        phone=told["phone"],
    )  # fmt: skip
    start_treatment(unit, claim_ids=[claim_id])
    connection, on = unit.session.connection(), max(due_on, TODAY - timedelta(days=30))
    for step, (state, days) in zip(STEPS, told["taken"], strict=False):
        on += timedelta(days=days)
        values = {"creditor": creditor_id, "claim": claim_id, "step": step, "at": noon(on), "state": state}
        connection.execute(_STEP, values | {"channel": "letter" if step == "formal_notice" else "email"})
    if told["act"] in ("held", "lifted"):
        place_hold(
            unit, creditor_id=creditor_id, claim_id=claim_id, ground=HoldGround.COMPLAINT,
            starts_at=noon(TODAY - timedelta(days=4)),
        )  # fmt: skip
    if told["act"] == "lifted":
        lift_holds_on(unit, creditor_id=creditor_id, claim_id=claim_id, ground=HoldGround.COMPLAINT)
    if told["act"] == "paid":
        settle(
            unit, creditor_id=creditor_id, claim_id=claim_id, source=PaymentSource.DIRECT,
            source_key=f"test:{number}", amount=Money(1_000, "EUR"), value_on=unit.today, trust_account=None,
        )  # fmt: skip
    connection.execute(
        text("UPDATE treatment SET next_on = :on WHERE claim_id = :c"),
        {"on": TODAY - timedelta(days=told["late"]), "c": claim_id},
    )
    if told["act"] == "closed":
        connection.execute(text("UPDATE claim SET state = 'closed' WHERE id = :c"), {"c": claim_id})
    return creditor_id, claim_id


def planned(office: Office, *hows: dict[str, Any]) -> list[list[Any]]:
    """What a plan writes in each of some ways, at the same moment; nothing of it is kept."""
    found = []
    with office.units.open(Door.WORKER, by="system:test") as unit:
        connection = unit.session.connection()
        for how in hows:
            attempt = unit.session.begin_nested()
            plan_due(unit, **how)
            found.append([list(map(tuple, connection.execute(one))) for one in (_PLANNED, _STANDS, _TOLD)])
            attempt.rollback()
            assert not connection.execute(_PLANNED).all()
    return found


@settings(
    max_examples=4,
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(drawn=st.lists(CLAIMS, min_size=6, max_size=14))
def test_together_and_apart_the_same_is_planned(office, drawn):
    with office.unit() as unit:
        for number, told in enumerate(drawn):
            place(unit, told, number)
    together, apart = planned(office, {}, {"apart": True})
    assert together == apart


@pytest.fixture
def many_at_once(monkeypatch):
    """The table's limit is lowered, so that few late claims are many."""
    table = {name: [dict(row) for row in rows] for name, rows in reanchor.read_table("planning").items()}
    table["catch_up"][0]["at_once_max"] = 3
    monkeypatch.setattr(reanchor, "read_table", lambda _: table)


def test_after_a_standstill_each_gets_its_own_turn(office, many_at_once):
    with office.unit() as unit:
        for number in range(60):  # ids are drawn, and each id has its own turn
            place(unit, USUAL | {"late": 4}, number)
    together, apart = planned(office, {}, {"apart": True})
    assert together == apart
    steps = together[0]
    assert 0 < len(steps) < 60
    assert len({row[4] for row in steps}) > 1


def test_two_plan_at_once_and_each_claim_gets_one_step(office):
    with office.unit() as unit:
        keys = [place(unit, USUAL, number) for number in range(5)]
    with office.units.open(Door.WORKER, by="system:one") as one:
        assert plan_due(one, limit=3) == 3
        with office.units.open(Door.WORKER, by="system:other") as other:
            assert plan_due(other, limit=3, goes_on=True) == 2  # neither waits nor takes what is taken
    with office.units.open(Door.WORKER, by="system:test") as unit:
        assert plan_due(unit) == 0
        steps = unit.session.connection().execute(_PLANNED).all()
    assert sorted(row.claim_id for row in steps) == sorted(claim_id for _, claim_id in keys)


def test_a_night_of_many_chunks_is_planned_by_jobs_side_by_side(office, monkeypatch):
    monkeypatch.setattr(jobs, "CHUNK", 2)
    with office.unit() as unit:
        keys = [place(unit, USUAL, number) for number in range(9)]
    with office.units.open(Door.WORKER, by="system:test") as unit:
        jobs.plan(unit)
        waiting = text("SELECT count(*) FROM outbox WHERE actor = 'treatment.plan' AND done_at IS NULL")
        assert unit.session.connection().execute(waiting).scalar_one() == jobs.ABREAST > 1
    office.react()
    with office.units.open(Door.WORKER, by="system:test") as unit:
        steps = unit.session.connection().execute(_PLANNED).all()
    assert sorted(row.claim_id for row in steps) == sorted(claim_id for _, claim_id in keys)


def test_what_was_dropped_comes_back_in_its_next_cycle(office):
    """What was dropped today comes back in its next cycle; those beside it are in their first."""
    with office.unit() as unit:
        keys = [place(unit, USUAL, number) for number in range(3)]
        unit.session.connection().execute(
            _STEP,
            {"creditor": keys[0][0], "claim": keys[0][1], "step": "reminder_1", "channel": "email",
             "at": noon(TODAY), "state": "dropped"},
        )  # fmt: skip
    [(steps, _, _)] = planned(office, {})
    assert {(row[0], row[2]) for row in steps} == {(keys[0][1], 2), (keys[1][1], 1), (keys[2][1], 1)}
