"""Groups that follow from ids alone, and shares with an honest interval (row 41)."""

from collections import Counter
from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agency.rules.experiment import HOLDOUT, Share, group_of, share_of, surely_best

pytestmark = pytest.mark.pure

ONE, OTHER = UUID(int=1), UUID(int=2)
ARMS = ("email", "sms", "letter")


def groups(experiment, claims=6_000, percent=20):
    return [
        group_of(claim_id=UUID(int=number), experiment_id=experiment, arms=ARMS, holdout_percent=percent)
        for number in range(claims)
    ]


def test_a_claim_belongs_to_its_group_for_good():
    assert groups(ONE, 50) == groups(ONE, 50)


def test_groups_are_as_large_as_they_should_be():
    found = Counter(groups(ONE))
    assert abs(found[HOLDOUT] - 1_200) < 150
    assert all(abs(found[arm] - 1_600) < 170 for arm in ARMS)


def test_a_claim_keeps_its_group_from_release_to_release():
    """Drawn once and written down: a running experiment would otherwise mix what it compares."""
    assert Counter(groups(ONE)) == {"email": 1_610, "sms": 1_535, "letter": 1_625, "holdout": 1_230}


def test_experiments_draw_apart():
    """Who is in the holdout of one is not for that in the holdout of the next."""
    both = sum(one == other == HOLDOUT for one, other in zip(groups(ONE), groups(OTHER), strict=True))
    assert 150 < both < 330


@pytest.mark.parametrize(("percent", "expected"), [(1, 60), (99, 5_940)])
def test_a_holdout_may_be_as_small_or_large_as_a_percent(percent, expected):
    assert abs(Counter(groups(ONE, percent=percent))[HOLDOUT] - expected) < 30


@pytest.mark.parametrize("percent", [0, 100])
def test_without_a_holdout_there_is_nothing_to_compare_with(percent):
    with pytest.raises(ValueError, match="holdout"):
        group_of(claim_id=ONE, experiment_id=OTHER, arms=ARMS, holdout_percent=percent)


def test_wilson_as_in_the_books():
    """Newcombe (1998), method 3: 81 of 263 gives 0.255 to 0.366; 0 of 20 gives 0 to 0.161."""
    found = share_of(successes=81, trials=263)
    assert (found.low, found.high) == (Decimal("0.255"), Decimal("0.366"))
    none = share_of(successes=0, trials=20)
    assert (none.share, none.low, none.high) == (Decimal("0.000"), Decimal("0.000"), Decimal("0.161"))
    assert share_of(successes=0, trials=0) is None
    with pytest.raises(ValueError, match="succeed"):
        share_of(successes=2, trials=1)


@given(st.integers(1, 5_000).flatmap(lambda trials: st.tuples(st.integers(0, trials), st.just(trials))))
def test_the_interval_holds_the_share_and_narrows_with_more_trials(told):
    successes, trials = told
    found = share_of(successes=successes, trials=trials)
    assert 0 <= found.low <= found.share <= found.high <= 1
    more = share_of(successes=successes * 4, trials=trials * 4)
    assert more.high - more.low <= found.high - found.low


class TestSurelyBest:
    def shares(self, **told):
        return {group: share_of(successes=won, trials=tried) for group, (won, tried) in told.items()}

    def test_is_the_group_whose_interval_lies_above_all_others(self):
        told = {"sms": (90, 200), "letter": (40, 200), HOLDOUT: (30, 200)}
        assert surely_best(self.shares(**told)) == "sms"

    def test_may_be_what_was_done_as_ever(self):
        assert surely_best(self.shares(sms=(5, 200), holdout=(90, 200))) == HOLDOUT

    @pytest.mark.parametrize(
        "told",
        [
            {"sms": (22, 50), "letter": (15, 50)},  # the intervals touch
            {"sms": (90, 200), "letter": (0, 0)},  # of one nothing is known yet
            {
                "sms": (90, 200),
                "letter": (85, 200),
                "holdout": (5, 200),
            },  # two beat the third
            {"sms": (90, 200)},
        ],
    )
    def test_is_none_while_that_is_not_sure(self, told):
        assert surely_best(self.shares(**told)) is None

    def test_lies_above_and_does_not_touch(self):
        """Of 6 in 10 the likely share is 0.313 to 0.832, of 9 in 10 it is 0.596 to 0.982."""
        assert surely_best(self.shares(sms=(9, 10), letter=(6, 10))) is None
        edge = {"a": Share(Decimal("0.5"), Decimal("0.4"), Decimal("0.6"))}
        assert surely_best(edge | {"b": Share(Decimal("0.3"), Decimal("0.2"), Decimal("0.4"))}) is None
        assert surely_best(edge | {"b": Share(Decimal("0.3"), Decimal("0.2"), Decimal("0.399"))}) == "a"
