"""Days, standstills, holds, part payments and bounces in any order: no step is skipped, none is doubled."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from agency.claims.holds import lift_holds_on, place_hold
from agency.claims.states import HoldGround
from agency.kernel.errors import Invalid
from agency.money import Money
from agency.payments.models import PaymentSource
from agency.payments.settlement import settle
from agency.rules import reanchor
from agency.treatment.planner import plan_due
from agency.treatment.starting import start_treatment
from tests.communication.correspondence import Office, a_correspondent
from tests.treatment.test_paths import AMSTERDAM, begin, claim_row, live, noon, sent

STEPS = ["reminder_1", "reminder_2", "formal_notice", "formal_notice_copy", "final_notice"]


@pytest.fixture
def office(units):
    return Office(units).open_up(noon(date(2026, 11, 28)))


def pay(office, creditor_id, claim_id, minor, key):
    with office.unit() as unit:
        settle(
            unit, creditor_id=creditor_id, claim_id=claim_id, source=PaymentSource.DIRECT, source_key=key,
            amount=Money(minor, "EUR"), value_on=unit.today, trust_account=None,
        )  # fmt: skip
    office.react()


class TestReAnchoring:
    def test_a_part_payment_gives_a_week_of_rest(self, office):
        creditor_id, claim_id = begin(office)
        live(office, date(2026, 12, 6))
        pay(office, creditor_id, claim_id, 5_000, "a")
        live(office, date(2026, 12, 14))
        steps = [one for one in sent(office, claim_id) if one[0] in STEPS]
        assert [one[0] for one in steps] == ["reminder_1", "reminder_2"]
        # Due on the 8th by its path; the 13th, a week after the payment, is a Sunday.
        assert steps[1][2] == date(2026, 12, 14)

    def test_a_pause_that_is_told_afterwards_moves_what_was_not_sent(self, office):
        """Row 39: asked for on the 3rd, written down on the 7th, over on the 9th."""
        creditor_id, claim_id = begin(office)
        live(office, date(2026, 12, 7))
        with office.unit() as unit:
            place_hold(
                unit, creditor_id=creditor_id, claim_id=claim_id, ground=HoldGround.CREDITOR_ASKED,
                starts_at=noon(date(2026, 12, 3)), ends_at=noon(date(2026, 12, 9)),
            )  # fmt: skip
        live(office, date(2026, 12, 16))
        assert [(one[0], one[2]) for one in sent(office, claim_id)] == [
            ("reminder_1", date(2026, 12, 1)),
            ("reminder_2", date(2026, 12, 14)),
        ]

    def test_a_pause_does_not_begin_in_the_future(self, office):
        creditor_id, claim_id = begin(office)
        with office.unit() as unit, pytest.raises(Invalid):
            place_hold(
                unit, creditor_id=creditor_id, claim_id=claim_id, ground=HoldGround.COMPLAINT,
                starts_at=noon(date(2026, 12, 30)),
            )  # fmt: skip

    def test_who_pays_before_the_post_has_the_notice_owes_the_costs_of_the_rest(self, office):
        creditor_id, claim_id = begin(office)
        live(office, date(2026, 12, 14))
        office.move_to(noon(date(2026, 12, 15)))
        with office.unit() as unit:
            plan_due(unit)
        office.send()
        pay(office, creditor_id, claim_id, 10_000, "b")
        office.post_letters(noon(date(2026, 12, 15)) + timedelta(hours=4))
        with office.unit() as unit:
            plan_due(unit)
        claim = claim_row(office, claim_id)
        assert claim.costs_from == date(2027, 1, 1)
        assert office.messages(claim_id)[2].amounts["announced"]["costs"] == 6032  # 15 % of 402.15
        # What was paid went to the 66 cents of interest first; 15 % of 302.81.
        assert claim.costs_minor == 4542


class TestStandstill:
    def test_three_days_down_are_spread_over_hours_too_and_each_claim_gets_one_step(
        self, office, monkeypatch
    ):
        """C15: the table's limit is lowered, so that few claims are many."""
        table = {name: [dict(row) for row in rows] for name, rows in reanchor.read_table("planning").items()}
        table["catch_up"][0]["at_once_max"] = 3
        monkeypatch.setattr(reanchor, "read_table", lambda _: table)
        claims = []
        with office.unit() as unit:
            for _ in range(24):
                claims.append(a_correspondent(unit)[1])
            start_treatment(unit, claim_ids=claims)
        office.move_to(noon(date(2026, 12, 1)))  # nothing ran since the 28th
        by_day = []
        for day in (1, 2, 3, 4):
            office.move_to(max(noon(date(2026, 12, day)), noon(date(2026, 12, 1)) + timedelta(minutes=1)))
            with office.unit() as unit:
                plan_due(unit)
                by_day.append(
                    unit.session.connection()
                    .execute(text("SELECT count(*) FROM treatment_step"))
                    .scalar_one()
                )
        assert by_day[-1] == 24
        assert by_day[0] < 24
        assert by_day[-2] == 24
        with office.unit() as unit:
            rows = unit.session.connection().execute(text("SELECT claim_id, due_at FROM treatment_step"))
            found = rows.all()
        turns = {
            claim: reanchor.catch_up(
                claim_id=claim, was_due=date(2026, 11, 28), late_claims=24, today=date(2026, 12, 1)
            )
            for claim in claims
        }
        assert {row.claim_id: row.due_at.replace(second=0, microsecond=0) for row in found} == {
            claim: noon(turn.on) + timedelta(minutes=turn.minutes + (turn.on.day == 1))
            for claim, turn in turns.items()
        }


ACTS = st.lists(
    st.one_of(
        st.tuples(st.just("days"), st.integers(1, 9)),
        st.tuples(st.just("standstill"), st.integers(2, 12)),
        st.tuples(st.just("hold"), st.sampled_from([HoldGround.COMPLAINT, HoldGround.PROMISE])),
        st.tuples(st.just("lift"), st.none()),
        st.tuples(st.just("pay"), st.integers(100, 3_000)),
    ),
    min_size=4,
    max_size=9,
)


@settings(max_examples=4, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(acts=ACTS)
def test_in_any_order_no_step_is_skipped_and_none_is_doubled(office, acts):
    with office.unit() as unit:
        today = unit.today
        due_on = today
        creditor_id, claim_id = a_correspondent(unit, invoices=[(40_215, due_on)])
        start_treatment(unit, claim_ids=[claim_id])
    for number, (act, told) in enumerate(acts):
        with office.unit() as unit:
            today = unit.today
        if act == "days":
            live(office, today + timedelta(days=told))
        elif act == "standstill":
            office.move_to(
                datetime.combine(today + timedelta(days=told), time(11), AMSTERDAM).astimezone(UTC)
            )
        elif act == "pay":
            pay(office, creditor_id, claim_id, told, f"{claim_id}-{number}")
        else:
            with office.unit() as unit:
                if act == "hold":
                    place_hold(unit, creditor_id=creditor_id, claim_id=claim_id, ground=told)
                for ground in [HoldGround.COMPLAINT, HoldGround.PROMISE] if act == "lift" else []:
                    lift_holds_on(unit, creditor_id=creditor_id, claim_id=claim_id, ground=ground)
    left = [one for one in office.messages(claim_id) if one.sent_at is not None and one.step in STEPS]
    assert [one.step for one in left] == STEPS[: len(left)]
    # One contact a day at the most, but for the copy of a notice.
    for earlier, later in pairwise(left):
        apart = later.sent_at - earlier.sent_at
        assert apart >= timedelta(hours=20) or later.step.endswith("_copy")
