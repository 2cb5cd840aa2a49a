"""Advice after a credit check: its limits, its rounding, and what others' experience may show."""

from datetime import date

import pytest

from agency.money import Money
from agency.rules.credit_advice import ClaimSeen, Experience, Tariff, advise, experience_of, tariff_on

pytestmark = pytest.mark.pure

DAY = date(2026, 11, 26)


def seen(creditor: str, claimed: int = 10_000, paid: int = 10_000, days: int | None = 30) -> ClaimSeen:
    return ClaimSeen(creditor, Money(claimed, "EUR"), Money(paid, "EUR"), days)


def advised(score: int | None, paid: int | None = None, limit: int | None = 10_000, status: str = "active"):
    known = None if paid is None else Experience(paid, None)
    told = advise(
        status=status, score=score, limit=None if limit is None else Money(limit, "EUR"), experience=known,
        on=DAY,
    )  # fmt: skip
    return told.advice, told.limit and told.limit.minor


def test_a_check_costs_what_the_tariff_says():
    assert tariff_on(DAY) == Tariff(Money(1_250, "EUR"), date(2000, 1, 1))


class TestExperience:
    def test_needs_three_creditors(self):
        assert experience_of([seen("a"), seen("b")], on=DAY) is None
        assert experience_of([seen("a"), seen("b"), seen("b")], on=DAY) is None
        assert experience_of([seen(one) for one in "abc"], on=DAY) == Experience(100, 30)

    def test_days_need_three_creditors_who_saw_money(self):
        assert experience_of([seen("a"), seen("b"), seen("c", days=None)], on=DAY) == Experience(100, None)
        four = [seen("a", days=10), seen("b", days=21), seen("c", days=52), seen("d", days=None)]
        assert experience_of(four, on=DAY) == Experience(100, 20)

    @pytest.mark.parametrize(
        ("paid", "told"), [((0, 0, 0), 0), ((700, 700, 600), 5), ((800, 800, 800), 10), ((751, 750, 749), 5)]
    )
    def test_is_rounded_to_the_nearest_five_and_down_at_a_seventh(self, paid, told):
        claims = [seen(creditor, paid=share) for creditor, share in zip("abc", paid, strict=True)]
        found = experience_of(claims, on=DAY)
        assert found is not None
        assert found.paid_percent == told

    def test_a_claim_of_nothing_tells_nothing(self):
        assert experience_of([seen("a"), seen("b"), seen("c", claimed=0)], on=DAY) is None
        assert experience_of([seen("a"), seen("b"), seen("c", claimed=1, paid=1)], on=DAY) is not None

    def test_who_was_paid_more_than_was_claimed_counts_as_paid(self):
        found = experience_of([seen("a", paid=90_000), seen("b", paid=0), seen("c", paid=0)], on=DAY)
        assert found is not None
        assert found.paid_percent == 35

    def test_a_share_is_rounded_down_before_the_mean_is(self):
        def told(*paid: int) -> int:
            found = experience_of(
                [seen(name, paid=minor) for name, minor in zip("abc", paid, strict=True)], on=DAY
            )
            assert found is not None
            return found.paid_percent

        assert told(90_000, 2_900, 2_900) == 50  # 100, 29 and 29: 52.67
        assert told(9_950, 2_900, 3_000) == 50  # 99, 29 and 30: 52.67

    def test_every_creditor_weighs_the_same(self):
        claims = [seen("a", paid=0)] * 2 + [seen("b"), seen("c")]
        found = experience_of(claims, on=DAY)
        assert found is not None
        assert found.paid_percent == 65


class TestAdvice:
    @pytest.mark.parametrize(
        ("score", "advice", "limit"),
        [
            (100, "deliver", 10_000), (60, "deliver", 10_000), (59, "deliver_less", 5_000),
            (35, "deliver_less", 5_000), (34, "advance_payment", None), (0, "advance_payment", None),
            (None, "advance_payment", None),
        ],
    )  # fmt: skip
    def test_follows_the_score_to_the_point(self, score, advice, limit):
        assert advised(score) == (advice, limit)

    @pytest.mark.parametrize(
        ("paid", "advice"),
        [
            (100, "deliver"),
            (70, "deliver"),
            (69, "deliver_less"),
            (40, "deliver_less"),
            (39, "advance_payment"),
        ],
    )
    def test_follows_the_experience_to_the_point(self, paid, advice):
        assert advised(100, paid)[0] == advice

    @pytest.mark.parametrize("limit", [None, 0])
    def test_no_limit_is_advised_where_the_bureau_gives_none(self, limit):
        assert advised(100, limit=limit) == ("deliver", None)

    def test_the_smallest_limit_is_one(self):
        assert advised(100, limit=1) == ("deliver", 1)

    @pytest.mark.parametrize("status", ["bankrupt", "dissolved", "moratorium"])
    def test_nothing_is_delivered_to_who_is_gone(self, status):
        assert advised(100, 100, status=status) == ("do_not_deliver", None)

    def test_advice_is_of_the_rule_in_force(self):
        with pytest.raises(StopIteration):
            advise(status="active", score=100, limit=None, experience=None, on=date(1999, 12, 31))
        first = advise(status="active", score=100, limit=None, experience=None, on=date(2000, 1, 1))
        assert first.advice == "deliver"
