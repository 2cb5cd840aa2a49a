"""What a claim may be expected to bring in: by the house table until enough claims are closed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agency.money import Money
from agency.rules.facts import DebtorKind, DisputeStatus
from agency.rules.recovery import OwnBooks, expected_recovery, kind_of

pytestmark = pytest.mark.pure


def expected(**changes):
    known = {
        "amount": Money(100_000, "EUR"),
        "age_days": 30,
        "debtor": DebtorKind.company,
        "dispute": DisputeStatus.none,
    }
    return expected_recovery(**known | changes)


class TestHouseTable:
    def test_says_that_it_is_the_house_table(self):
        found = expected()
        assert (found.source, found.claims, found.middle) == ("house", 0, Money(72_000, "EUR"))
        assert (found.low, found.high) == (Money(60_000, "EUR"), Money(82_000, "EUR"))
        assert found.trace[0].version == "2026-11-26"

    @pytest.mark.parametrize("changes", [{"amount": Money(0, "EUR")}, {"age_days": -1}])
    def test_nothing_is_expected_of_no_claim(self, changes):
        with pytest.raises(ValueError, match="a positive amount and an age"):
            expected(**changes)
        assert expected(amount=Money(1, "EUR"), age_days=0).middle == Money(1, "EUR")

    @given(
        st.integers(1, 10**9), st.integers(0, 4000), st.integers(0, 4000), st.sampled_from(list(DebtorKind))
    )
    def test_an_older_claim_never_brings_in_more(self, minor, one, other, debtor):
        young, old = sorted((one, other))
        amount = Money(minor, "EUR")
        younger = expected(amount=amount, age_days=young, debtor=debtor)
        older = expected(amount=amount, age_days=old, debtor=debtor)
        assert older.middle <= younger.middle
        for found in (younger, older):
            assert Money.zero("EUR") <= found.low <= found.middle <= found.high <= amount

    def test_a_dispute_leaves_a_part(self):
        assert expected(dispute=DisputeStatus.raised).middle == Money(50_400, "EUR")


class TestOwnBooks:
    def test_count_from_enough_claims_of_enough_creditors(self):
        books = OwnBooks(claims=40, creditors=3, share_sum=40 * 5_000, share_squares=40 * 5_000**2)
        found = expected(own=books)
        assert (found.source, found.claims) == ("own", 40)
        assert (found.low, found.middle, found.high) == (Money(50_000, "EUR"),) * 3

    @pytest.mark.parametrize(
        ("paid", "low", "middle", "high"),
        [(15, 31_760, 50_000, 68_240), (1, 0, 3_330, 9_870), (29, 90_100, 96_660, 100_000)],
    )
    def test_have_a_range_of_two_standard_errors_within_nothing_and_all(self, paid, low, middle, high):
        books = OwnBooks(claims=30, creditors=3, share_sum=paid * 10_000, share_squares=paid * 10_000**2)
        found = expected(own=books)
        assert (found.low.minor, found.middle.minor, found.high.minor) == (low, middle, high)

    @pytest.mark.parametrize(("claims", "creditors"), [(29, 3), (40, 2), (0, 0)])
    def test_are_not_shown_when_too_few(self, claims, creditors):
        books = OwnBooks(claims, creditors, claims * 5_000, claims * 5_000**2)
        assert expected(own=books).source == "house"

    def test_have_a_range_that_narrows_with_their_number(self):
        def spread(claims):
            books = OwnBooks(claims, 3, claims // 2 * 10_000, claims // 2 * 10_000**2)
            found = expected(own=books)
            return found.high - found.low

        assert spread(1_000) < spread(40)


class TestKind:
    def test_bands_are_numbered_from_one(self):
        small = kind_of(debtor=DebtorKind.company, age_days=0, amount=Money(1, "EUR"))
        large = kind_of(debtor=DebtorKind.company, age_days=731, amount=Money(2_500_000, "EUR"))
        assert (small.age_band, small.amount_band) == (1, 1)
        assert (large.age_band, large.amount_band) == (5, 5)
