"""Debtors behave as real portfolios do, and the same each time."""

from collections import Counter
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agency.money import Money
from integrations.simulator.behaviour import ActionKind, MessageKind, behave, collectable_share

pytestmark = [pytest.mark.pure, pytest.mark.thorough]

PAYMENTS = {ActionKind.PAY_BY_LINK, ActionKind.PAY_BY_TRANSFER}
PATH = [kind for kind in MessageKind if kind is not MessageKind.INVOICE]
PEOPLE = 1200
SMALL, LARGE = Money(6_100, "EUR"), Money(1_850_000, "EUR")


def lives(age_days, amount=SMALL, seed=7):
    """Everything each of many debtors does over a whole path at one age."""
    return [
        [
            action
            for kind in PATH
            for action in behave(
                seed=seed, debtor_key=f"d{number}", message_kind=kind, age_days=age_days, amount=amount
            )
        ]
        for number in range(PEOPLE)
    ]


def invoices(seed=7):
    return [
        behave(
            seed=seed, debtor_key=f"d{number}", message_kind=MessageKind.INVOICE, age_days=0, amount=SMALL
        )[0]
        for number in range(PEOPLE)
    ]


class TestBehave:
    @pytest.mark.parametrize(("months", "percent"), [(3, 72), (6, 44), (12, 29)])
    def test_as_much_is_collected_as_its_age_allows(self, months, percent):
        age = round(months * 365 / 12)
        assert abs(collectable_share(age_days=age) - Fraction(percent, 100)) < Fraction(1, 100)
        collected = sum(
            sum((action.share for action in life if action.kind in PAYMENTS), Fraction(0))
            for life in lives(age)
        )
        assert abs(collected / PEOPLE * 100 - percent) < 4

    def test_a_quarter_disputes(self):
        disputing = sum(any(action.kind is ActionKind.DISPUTE for action in life) for life in lives(60))
        assert abs(disputing / PEOPLE * 100 - 23) < 3

    def test_a_third_pays_invoices_late_by_the_known_days(self):
        late = sorted(action.after_days for action in invoices() if action.after_days > 0)
        assert abs(len(late) / PEOPLE * 100 - 36) < 4
        quantiles = [late[len(late) * percent // 100] for percent in (25, 50, 75, 99)]
        for found, known in zip(quantiles, (4, 8, 14, 30), strict=True):
            assert abs(found - known) <= 2

    def test_large_amounts_go_by_transfer(self):
        def by_transfer(amount):
            kinds = Counter(action.kind for life in lives(30, amount) for action in life)
            return kinds[ActionKind.PAY_BY_TRANSFER] / sum(kinds[kind] for kind in PAYMENTS)

        assert by_transfer(SMALL) < 0.4 < 0.65 < by_transfer(LARGE)

    def test_every_kind_of_action_and_reference_occurs(self):
        actions = [action for life in lives(60) for action in life]
        assert {action.kind for action in actions} == set(ActionKind)
        transfers = [action for action in actions if action.kind is ActionKind.PAY_BY_TRANSFER]
        assert {action.reference for action in transfers} == {"exact", "typo", "invoice_number", "none"}
        assert all(action.reference == "exact" for action in actions if action.kind is ActionKind.PAY_BY_LINK)

    @given(
        seed=st.integers(0, 99),
        key=st.text(max_size=8),
        kind=st.sampled_from(list(MessageKind)),
        age=st.integers(0, 4000),
        cents=st.integers(1, 10**9),
    )
    def test_is_the_same_each_time_in_order_and_never_pays_twice(self, seed, key, kind, age, cents):
        facts = {
            "seed": seed,
            "debtor_key": key,
            "message_kind": kind,
            "age_days": age,
            "amount": Money(cents, "EUR"),
        }
        actions = behave(**facts)
        assert actions == behave(**facts)
        assert actions
        days = [action.after_days for action in actions]
        assert days == sorted(days)
        assert days[0] >= 0
        shares = [action.share for action in actions if action.kind in PAYMENTS]
        assert sum(shares, Fraction(0)) in (0, 1)
        assert all(0 < share <= 1 for share in shares)

    def test_over_a_path_nobody_pays_more_than_everything(self):
        for life in lives(30):
            assert sum((action.share for action in life if action.kind in PAYMENTS), Fraction(0)) in (0, 1)

    def test_another_seed_is_another_world(self):
        assert lives(60, seed=1) != lives(60, seed=2)

    @given(age=st.integers(0, 5000))
    def test_what_ages_is_collected_less(self, age):
        assert 0 <= collectable_share(age_days=age + 1) <= collectable_share(age_days=age) <= 1
