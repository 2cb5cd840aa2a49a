"""Interest: the published examples, the borders of years and rates, and what must always hold."""

from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agency.calendar import anniversary
from agency.money import Money, round_ratio
from agency.rules.facts import InterestKind, Law
from agency.rules.interest import DayCount, Interest, RoundingPoint, compounds, interest
from agency.rules.rates import NoRate, rate_on

pytestmark = pytest.mark.pure

CONSUMER, TRADE, CIVIL, CONTRACT = (
    InterestKind.consumer,
    InterestKind.trade,
    InterestKind.civil,
    InterestKind.contract,
)
DAY = timedelta(days=1)

principals = st.integers(min_value=0, max_value=10**10).map(lambda minor: Money(minor, "EUR"))
days = st.dates(min_value=date(2013, 4, 1), max_value=date(2026, 12, 31))
statutory = st.sampled_from(
    [(Law.nl, CONSUMER), (Law.nl, TRADE), (Law.be, TRADE), (Law.be, CIVIL), (Law.eu, TRADE)]
)


def euros(text: str) -> Money:
    return Money.parse(text, "EUR")


def run(principal: str, first: date, last: date, law: Law = Law.nl, kind=TRADE, **more) -> Interest:
    currency = "GBP" if law is Law.uk else "EUR"
    return interest(
        law=law,
        kind=kind,
        principal=Money.parse(principal, currency),
        first_day=first,
        last_day=last,
        **more,
    )


def exact_simple(law: Law, kind: InterestKind, principal: Money, first: date, last: date) -> Fraction:
    """Day by day, without segments, years or rounding: another way to the same number."""
    per_day = (
        Fraction(rate_on(law=law, kind=kind, on=first + step * DAY).percent) / 36500
        for step in range((last - first).days + 1)
    )
    return principal.minor * sum(per_day, Fraction(0))


class TestPublishedExamples:
    def test_trade_interest_over_a_change_of_the_half_year(self):
        """S10: 15 days at 10.15 and 15 at 10.40, rounded once."""
        found = run("1000", date(2026, 6, 16), date(2026, 7, 15))
        assert found.amount == euros("8.45")
        assert [(segment.days, segment.percent) for segment in found.segments] == [
            (15, Decimal("10.15")),
            (15, Decimal("10.40")),
        ]

    def test_a_consumer_owes_six_percent_over_2025(self):
        """S15."""
        assert run("1000", date(2025, 1, 1), date(2025, 12, 31), kind=CONSUMER).amount == euros("60.00")

    def test_a_year_at_six_percent(self):
        """P18: luxis test."""
        assert run("5000", date(2025, 1, 1), date(2025, 12, 31), kind=CONSUMER).amount == euros("300.00")

    def test_capitalises_on_the_anniversary_of_default(self):
        """P20: luxis test; default on 15 June 2024, two years at 6% on 5,000 are 618."""
        found = run(
            "5000",
            date(2024, 6, 15),
            date(2026, 6, 14),
            kind=CONTRACT,
            contractual_percent=Decimal(6),
            compounding_agreed=True,
        )
        assert found.amount == euros("618.00")
        assert [(segment.first_day, segment.base) for segment in found.segments] == [
            (date(2024, 6, 15), euros("5000")),
            (date(2025, 6, 15), euros("5300")),
        ]

    def test_ninety_days_of_trade_interest(self):
        """P21: Dutch freelancer guide."""
        assert run("5000", date(2026, 1, 1), date(2026, 3, 31)).amount == euros("125.14")

    def test_points_agreed_on_top_follow_the_statutory_rate(self):
        """P23: Rentetool doc 07, statutory + 2% from 1 April 2023."""
        plain = run("1000", date(2023, 1, 1), date(2023, 3, 31), kind=CONSUMER)
        raised = run("1000", date(2023, 4, 1), date(2024, 1, 31), kind=CONSUMER, surcharge_percent=Decimal(2))
        assert [(segment.first_day, segment.percent) for segment in (*plain.segments, *raised.segments)] == [
            (date(2023, 1, 1), 4),
            (date(2023, 4, 1), 6),
            (date(2023, 7, 1), 8),
            (date(2024, 1, 1), 9),
        ]

    def test_german_trade_interest_over_a_half_year(self):
        """P29: 10,000 over 181 days at 10.62%."""
        assert run("10000", date(2023, 1, 1), date(2023, 6, 30), law=Law.de).amount == euros("526.64")

    def test_german_consumer_interest_over_a_year(self):
        """P31: 1,000 at 6.27% over 365 days."""
        assert run("1000", date(2025, 7, 1), date(2026, 6, 30), law=Law.de, kind=CONSUMER).amount == euros(
            "62.70"
        )

    @pytest.mark.parametrize(
        ("principal", "first", "last", "expected", "source"),
        [
            ("2000", date(2024, 2, 1), date(2024, 3, 16), "32.67", "P36 toolfy.io, exact"),
            ("10000", date(2026, 1, 1), date(2026, 1, 1), "3.22", "P38 usewolfx.com"),
            ("1000", date(2015, 1, 1), date(2015, 12, 31), "85.00", "P39 statutory-interest.pages.dev"),
            ("1000", date(2015, 1, 1), date(2015, 1, 1), "0.23", "P39 statutory-interest.pages.dev"),
        ],
    )
    def test_british_interest(self, principal, first, last, expected, source):
        assert run(principal, first, last, law=Law.uk).amount == Money.parse(expected, "GBP"), source

    def test_the_british_rate_stays_that_of_the_day_the_debt_became_late(self):
        found = run("1000", date(2025, 1, 1), date(2025, 3, 1), law=Law.uk, late_since=date(2024, 6, 1))
        assert {segment.percent for segment in found.segments} == {Decimal("13.25")}


class TestYears:
    def test_a_broken_year_does_not_capitalise(self):
        one = run("1000", date(2025, 3, 1), date(2026, 2, 28), kind=CONSUMER)
        longer = run("1000", date(2025, 3, 1), date(2026, 3, 10), kind=CONSUMER)
        assert {segment.base for segment in one.segments} == {euros("1000")}
        assert longer.segments[-1].base == euros("1000") + one.amount

    def test_years_run_from_default_when_interest_starts_later(self):
        """After a part payment the years are still those of the default, not of the payment."""
        found = run("1000", date(2025, 9, 1), date(2026, 3, 31), kind=CONSUMER, late_since=date(2025, 1, 15))
        bases = {segment.first_day: segment.base for segment in found.segments}
        assert bases[date(2025, 9, 1)] == euros("1000")
        assert bases[date(2026, 1, 15)] > euros("1000")

    def test_a_year_from_leap_day_ends_on_the_last_of_february(self):
        found = run("1000", date(2024, 2, 29), date(2025, 3, 1), kind=CONSUMER)
        assert found.segments[-1].first_day == date(2025, 3, 1)
        assert found.segments[-1].base > euros("1000")

    def test_belgian_interest_is_simple(self):
        found = run("1000", date(2020, 1, 1), date(2026, 1, 1), law=Law.be)
        assert {segment.base for segment in found.segments} == {euros("1000")}

    def test_there_is_none_before_its_first_day(self):
        found = run("1000", date(2026, 3, 2), date(2026, 3, 1))
        assert (found.amount, found.segments) == (euros("0"), ())


class TestAgreedRates:
    def test_a_higher_agreed_rate_replaces_the_statutory_one_and_is_simple(self):
        """BW 6:119(3); without agreement on it there is no interest on interest."""
        found = run(
            "1000", date(2024, 1, 1), date(2025, 12, 30), kind=CONSUMER, contractual_percent=Decimal(12)
        )
        assert found.amount == euros("240.00")

    def test_a_lower_agreed_rate_leaves_a_consumer_the_statutory_one(self):
        found = run(
            "1000", date(2025, 1, 1), date(2025, 12, 31), kind=CONSUMER, contractual_percent=Decimal(5)
        )
        assert found.amount == euros("60.00")
        assert "BW 6:119(3)" in found.trace[0].source

    def test_any_agreed_rate_replaces_the_trade_rate(self):
        """BW 6:119a(8)."""
        found = run("1000", date(2025, 1, 1), date(2025, 12, 31), contractual_percent=Decimal(5))
        assert found.amount == euros("50.00")

    def test_a_belgian_consumer_never_pays_a_void_rate(self):
        """WER art. XIX.4: over the trade rate the clause is void and the civil rate remains."""
        found = run(
            "1000",
            date(2026, 1, 1),
            date(2026, 12, 31),
            law=Law.be,
            kind=CONSUMER,
            contractual_percent=Decimal("10.51"),
        )
        assert found.amount == euros("45.00")
        assert "void" in found.trace[0].source

    def test_a_valid_belgian_clause_is_capped_when_the_trade_rate_falls(self):
        found = run(
            "1000",
            date(2024, 12, 31),
            date(2025, 7, 1),
            law=Law.be,
            kind=CONSUMER,
            contractual_percent=Decimal(12),
        )
        assert [(segment.first_day, segment.percent) for segment in found.segments] == [
            (date(2024, 12, 31), 12),
            (date(2025, 1, 1), Decimal("11.5")),
            (date(2025, 7, 1), Decimal("10.5")),
        ]

    def test_points_on_top_are_not_charged_to_a_belgian_consumer(self):
        found = run(
            "1000",
            date(2026, 1, 1),
            date(2026, 12, 31),
            law=Law.be,
            kind=CONSUMER,
            surcharge_percent=Decimal(2),
        )
        assert found.amount == euros("45.00")

    def test_interest_as_agreed_needs_the_agreed_rate(self):
        with pytest.raises(ValueError, match="agreed rate"):
            run("1000", date(2026, 1, 1), date(2026, 1, 2), kind=CONTRACT)

    def test_tells_whether_years_compound(self):
        since = date(2024, 1, 1)
        assert compounds(law=Law.nl, kind=TRADE, late_since=since)
        assert not compounds(law=Law.nl, kind=TRADE, late_since=since, contractual_percent=Decimal(5))
        assert not compounds(law=Law.be, kind=TRADE, late_since=since)


class TestSettings:
    def test_rounding_at_every_change_of_rate_differs_by_cents(self):
        once = run("1000", date(2026, 6, 16), date(2026, 7, 15))
        each = run("1000", date(2026, 6, 16), date(2026, 7, 15), rounding=RoundingPoint.EACH_SEGMENT)
        assert (once.amount, each.amount) == (euros("8.45"), euros("8.44"))
        assert each.trace[0].inputs["rounding"].startswith("at every change of rate")

    def test_a_leap_year_may_be_counted_as_366_days(self):
        whole = {"principal": "1000", "first": date(2024, 1, 1), "last": date(2024, 12, 31), "kind": CONSUMER}
        assert run(**whole).amount == euros("70.19")  # 366 days of 1/365
        found = run(**whole, day_count=DayCount.ACTUAL_ACTUAL)
        assert found.trace[0].inputs["day_count"] == "actual/366 in leap years"
        assert found.amount == euros("70.00")

    def test_says_when_the_rate_of_the_day_is_not_confirmed(self):
        assert "not confirmed" in run("1000", date(2026, 12, 1), date(2027, 1, 5)).trace[0].outcome
        assert "not confirmed" not in run("1000", date(2026, 12, 1), date(2026, 12, 31)).trace[0].outcome


class TestRefusals:
    def test_refuses_interest_over_a_credit(self):
        with pytest.raises(ValueError, match="credit"):
            run("-1", date(2026, 1, 1), date(2026, 1, 2))

    def test_refuses_a_default_after_the_first_day(self):
        with pytest.raises(ValueError, match="default"):
            run("1", date(2026, 1, 1), date(2026, 1, 2), late_since=date(2026, 1, 2))

    def test_refuses_days_without_a_known_rate(self):
        with pytest.raises(NoRate):
            run("1", date(2002, 1, 1), date(2026, 1, 2))


class TestAlways:
    @given(principals, statutory, days, days)
    def test_the_segments_add_up_and_cover_every_day_once(self, principal, law_kind, one, other):
        first, last = sorted((one, other))
        found = interest(
            law=law_kind[0], kind=law_kind[1], principal=principal, first_day=first, last_day=last
        )
        assert Money.total((segment.amount for segment in found.segments), "EUR") == found.amount
        assert found.segments[0].first_day == first
        assert found.segments[-1].last_day == last
        for before, after in pairwise(found.segments):
            assert after.first_day == before.last_day + DAY
        assert sum(segment.days for segment in found.segments) == (last - first).days + 1

    @given(principals, st.sampled_from([(Law.be, TRADE), (Law.be, CIVIL), (Law.eu, TRADE)]), days, days)
    def test_simple_interest_is_the_exact_sum_of_its_days(self, principal, law_kind, one, other):
        first, last = sorted((one, other))
        exact = exact_simple(*law_kind, principal, first, last)
        found = interest(
            law=law_kind[0], kind=law_kind[1], principal=principal, first_day=first, last_day=last
        )
        assert found.amount.minor == round_ratio(exact.numerator, exact.denominator)

    @given(principals, days, days, days)
    def test_simple_interest_of_two_periods_is_that_of_both(self, principal, one, two, three):
        """D18: equal before rounding, so within a cent after it."""
        first, middle, last = sorted((one, two, three))
        whole = exact_simple(Law.be, TRADE, principal, first, last)
        parts = exact_simple(Law.be, TRADE, principal, first, middle) + exact_simple(
            Law.be, TRADE, principal, middle + DAY, last
        )
        assert whole == parts

        def rounded(start: date, end: date) -> int:
            return interest(
                law=Law.be, kind=TRADE, principal=principal, first_day=start, last_day=end
            ).amount.minor

        assert abs(rounded(first, last) - rounded(first, middle) - rounded(middle + DAY, last)) <= 1

    @given(principals, days, days)
    def test_compound_interest_is_that_of_its_years_one_by_one(self, principal, one, other):
        first, last = sorted((one, other))
        base, total, start, year = principal, Money.zero("EUR"), first, 1
        while start <= last:
            end = min(anniversary(first, year) - DAY, last)
            part = interest(law=Law.nl, kind=CONSUMER, principal=base, first_day=start, last_day=end).amount
            base, total, start, year = base + part, total + part, end + DAY, year + 1
        whole = interest(law=Law.nl, kind=CONSUMER, principal=principal, first_day=first, last_day=last)
        assert whole.amount == total

    @given(principals, statutory, days, days)
    def test_never_falls_with_another_day_or_cent(self, principal, law_kind, one, other):
        first, last = sorted((one, other))

        def owed(base: Money, end: date) -> Money:
            return interest(
                law=law_kind[0], kind=law_kind[1], principal=base, first_day=first, last_day=end
            ).amount

        assert owed(principal, last) <= owed(principal, last + DAY)
        assert owed(principal, last) <= owed(principal + Money(1, "EUR"), last)

    @given(principals, days, days)
    def test_rounding_at_every_change_stays_within_a_cent_a_segment(self, principal, one, other):
        first, last = sorted((one, other))
        period = {"law": Law.be, "kind": TRADE, "principal": principal, "first_day": first, "last_day": last}
        once = interest(**period)
        each = interest(**period, rounding=RoundingPoint.EACH_SEGMENT)
        assert abs(once.amount.minor - each.amount.minor) <= len(once.segments)
