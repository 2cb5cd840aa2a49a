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
from agency.rules.interest import (
    DayCount,
    Interest,
    RoundingPoint,
    UnlawfulInterest,
    compounds,
    interest,
)
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


def outcomes(found: Interest) -> list[str]:
    return [line.outcome for line in found.trace]


def line_of(found: Interest, outcome: str, topic: str = "interest"):
    (line,) = (line for line in found.trace if line.outcome == f"{topic}.{outcome}")
    return line


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
        assert line_of(raised, "statutory_with_points").inputs == {"points": "2"}

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
        line = line_of(found, "agreed_not_higher")
        assert (line.source, line.inputs) == ("BW 6:119(3)", {"agreed": "5", "statutory": "6"})

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
        line = line_of(found, "agreed_void")
        assert (line.source, line.inputs["cap"]) == ("WER art. XIX.4", "10.5")

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
        assert line_of(found, "points_void").inputs == {"points": "2"}

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
        setting = line_of(once, "settings")
        assert (setting.version, setting.source) == ("2026-11-26", "agency's setting: the statute is silent")
        assert setting.inputs["rounding"] == "year_and_end"
        assert line_of(each, "settings").inputs["rounding"] == "each_segment"

    def test_a_leap_year_may_be_counted_as_366_days(self):
        whole = {"principal": "1000", "first": date(2024, 1, 1), "last": date(2024, 12, 31), "kind": CONSUMER}
        assert run(**whole).amount == euros("70.19")  # 366 days of 1/365
        found = run(**whole, day_count=DayCount.ACTUAL_ACTUAL)
        assert line_of(found, "settings").inputs["day_count"] == "actual_actual"
        assert found.amount == euros("70.00")
        assert [(segment.days, segment.year_days) for segment in found.segments] == [(366, 366)]

    def test_a_segment_ends_where_a_year_of_another_length_begins(self):
        found = run(
            "1000", date(2023, 12, 31), date(2025, 1, 1), law=Law.be, day_count=DayCount.ACTUAL_ACTUAL
        )
        assert [(segment.first_day, segment.year_days) for segment in found.segments] == [
            (date(2023, 12, 31), 365),
            (date(2024, 1, 1), 366),
            (date(2025, 1, 1), 365),
        ]

    def test_months_may_be_counted_as_thirty_days(self):
        whole = {"principal": "3600", "kind": CONSUMER, "day_count": DayCount.THIRTY_360}
        february = run(first=date(2025, 2, 1), last=date(2025, 2, 28), **whole)
        january = run(first=date(2025, 1, 1), last=date(2025, 1, 31), **whole)
        year = run(first=date(2025, 1, 1), last=date(2025, 12, 31), **whole)
        assert (february.amount, january.amount, year.amount) == (
            euros("18.00"),
            euros("18.00"),
            euros("216.00"),
        )
        assert [(segment.days, segment.year_days) for segment in year.segments] == [(360, 360)]

    def test_what_the_law_compounds_may_be_left_simple(self):
        period = {"principal": "1000", "first": date(2023, 1, 1), "last": date(2025, 12, 31), "kind": TRADE}
        found = run(**period, simple=True)
        assert {segment.base for segment in found.segments} == {euros("1000")}
        assert line_of(found, "compounding_waived").source == "BW 6:119a(3)"
        assert found.amount < run(**period).amount
        assert found.capitalised == euros("0")

    def test_says_when_the_rate_of_the_day_is_not_confirmed(self):
        late = run("1000", date(2026, 12, 1), date(2027, 1, 1))
        line = line_of(late, "unconfirmed", "rates")
        assert (line.rule, line.inputs) == ("rates.freshness", {"confirmed_until": "2026-12-31"})
        assert "rates.unconfirmed" not in outcomes(run("1000", date(2026, 12, 1), date(2026, 12, 31)))

    def test_a_fixed_rate_stays_sure_however_long_the_debt_is_open(self):
        known = run("1000", date(2027, 5, 1), date(2027, 5, 2), law=Law.uk, late_since=date(2026, 12, 31))
        assert "rates.unconfirmed" not in outcomes(known)
        unknown = run("1000", date(2027, 5, 1), date(2027, 5, 2), law=Law.uk, late_since=date(2027, 1, 1))
        assert "rates.unconfirmed" in outcomes(unknown)

    def test_says_how_sure_a_rate_is_that_ran(self):
        """The Belgian rate of the second half of 2026 equals the one before it, but has no notice yet."""
        found = run("1000", date(2026, 6, 1), date(2026, 7, 1), law=Law.be)
        assert len(found.segments) == 1
        assert line_of(found, "doubt", "rates").inputs == {
            "percent": "10.5",
            "since": "2026-07-01",
            "doubt": "derived",
        }
        assert "rates.doubt" not in outcomes(run("1000", date(2026, 6, 1), date(2026, 6, 30), law=Law.be))


class TestTrace:
    def test_every_segment_is_an_addend_and_a_full_year_is_explained(self):
        found = run("1000", date(2025, 1, 1), date(2026, 1, 1), kind=CONSUMER)
        assert outcomes(found) == [
            "interest.statutory",
            "interest.compounds",
            "interest.settings",
            "interest.segment",
            "interest.capitalised",
            "interest.segment",
        ]
        year, joins, day = found.trace[3:]
        assert (year.amount, year.version, year.source) == (
            euros("60.00"), "2025-01-01", "Stb. 2024, 409",
        )  # fmt: skip
        assert year.inputs == {
            "percent": "6", "base": "EUR 1000.00", "first_day": "2025-01-01", "last_day": "2025-12-31",
            "days": "365", "year_days": "365",
        }  # fmt: skip
        assert (joins.amount, joins.source) == (None, "BW 6:119(2)")
        assert joins.inputs == {"on": "2026-01-01", "added": "EUR 60.00", "base": "EUR 1060.00"}
        assert (day.amount, day.inputs["base"]) == (euros("0.12"), "EUR 1060.00")
        assert found.capitalised == euros("60.00")

    def test_says_so_when_no_day_bears_interest(self):
        found = run("1000", date(2026, 3, 2), date(2026, 3, 1))
        rate, _, _, nothing = found.trace
        assert (nothing.outcome, nothing.source) == ("interest.nothing", rate.source)
        assert {line.amount for line in found.trace} == {None}

    def test_a_year_without_interest_raises_nothing(self):
        found = run("0", date(2024, 1, 1), date(2026, 1, 1))
        assert "interest.capitalised" not in outcomes(found)

    @pytest.mark.parametrize(
        ("terms", "expected"),
        [
            ({}, ["statutory", "compounds"]),
            ({"law": Law.be}, ["statutory", "simple"]),
            ({"surcharge_percent": Decimal(2)}, ["statutory_with_points", "compounding_not_agreed"]),
            (
                {"surcharge_percent": Decimal(2), "compounding_agreed": True},
                ["statutory_with_points", "compounds_as_agreed"],
            ),
            ({"contractual_percent": Decimal(12)}, ["agreed", "compounding_not_agreed"]),
            (
                {"contractual_percent": Decimal(12), "compounding_agreed": True},
                ["agreed", "compounds_as_agreed"],
            ),
            (
                {"law": Law.be, "kind": CONSUMER, "contractual_percent": Decimal(9)},
                ["agreed_within_cap", "simple"],
            ),
            (
                {"law": Law.be, "kind": CONSUMER, "contractual_percent": Decimal(11)},
                ["statutory", "agreed_void", "simple"],
            ),
            (
                {"law": Law.be, "kind": CONSUMER, "surcharge_percent": Decimal(1)},
                ["statutory", "points_void", "simple"],
            ),
            ({"law": Law.uk}, ["statutory", "fixed_for_debt", "simple"]),
            ({"kind": CONTRACT, "contractual_percent": Decimal(12)}, ["agreed", "simple"]),
        ],
    )
    def test_says_which_rate_runs_and_whether_it_compounds(self, terms, expected):
        found = run("1000", date(2026, 1, 1), date(2026, 1, 2), **terms)
        until = outcomes(found).index("interest.settings")
        assert outcomes(found)[:until] == [f"interest.{outcome}" for outcome in expected]

    @given(principals, statutory, days, days, st.sampled_from(list(RoundingPoint)))
    def test_the_lines_add_up_to_the_interest(self, principal, law_kind, one, other, rounding):
        first, last = sorted((one, other))
        found = interest(
            law=law_kind[0], kind=law_kind[1], principal=principal, first_day=first, last_day=last,
            rounding=rounding,
        )  # fmt: skip
        assert Money.total((line.amount for line in found.trace if line.amount), "EUR") == found.amount


class TestPublicBodies:
    def test_only_a_higher_agreed_rate_counts(self):
        """BW 6:119b(8)."""
        year = {"principal": "1000", "first": date(2025, 1, 1), "last": date(2025, 6, 30)}
        lower = run(**year, contractual_percent=Decimal(11), public_body=True)
        assert {segment.percent for segment in lower.segments} == {Decimal("11.15")}
        assert line_of(lower, "agreed_not_higher").source == "BW 6:119b(8)"
        higher = run(**year, contractual_percent=Decimal(12), public_body=True)
        assert {segment.percent for segment in higher.segments} == {Decimal(12)}

    def test_owes_the_trade_rate(self):
        days_of_2025 = {"principal": "1000", "first": date(2025, 1, 1), "last": date(2025, 12, 31)}
        assert run(**days_of_2025, public_body=True).amount == run(**days_of_2025).amount


class TestOldContracts:
    def test_a_belgian_contract_from_before_the_directive_keeps_seven_points(self):
        period = {"principal": "1000", "first": date(2015, 3, 15), "last": date(2015, 3, 16), "law": Law.be}
        old = run(**period, contract_on=date(2013, 3, 15))
        assert [segment.percent for segment in old.segments] == [Decimal("7.5"), Decimal("8.5")]
        assert [segment.percent for segment in run(**period).segments] == [Decimal("8.5")]


def exact(**terms) -> Fraction:
    """Simple interest before rounding, in minor units."""
    plan = interest(**terms, simple=True)._plan
    return Fraction(terms["principal"].minor * sum(year.weight for year in plan.years), plan.divisor)


class TestExact:
    @given(
        principals,
        st.sampled_from([(Law.nl, TRADE), (Law.be, CIVIL), (Law.de, CONSUMER)]),
        days,
        days,
        days,
        st.sampled_from(list(DayCount)),
    )
    def test_two_adjoining_periods_are_one(self, principal, law_kind, one, two, three, day_count):
        """D18: interest(a,b) + interest(b,c) = interest(a,c), before rounding."""
        first, middle, last = sorted((one, two, three))

        def between(start: date, end: date) -> Fraction:
            return exact(
                law=law_kind[0], kind=law_kind[1], principal=principal, first_day=start, last_day=end,
                late_since=first, day_count=day_count,
            )  # fmt: skip

        assert between(first, middle) + between(middle + DAY, last) == between(first, last)

    def test_is_not_rounded(self):
        found = exact(
            law=Law.nl, kind=CONSUMER, principal=euros("0.01"), first_day=date(2025, 1, 1),
            last_day=date(2025, 1, 1),
        )  # fmt: skip
        assert found == Fraction(6, 36500)

    def test_an_agreed_rate_replaces_that_of_trade_unless_the_debtor_is_a_public_body(self):
        """BW 6:119a(8) and 6:119b(8)."""

        def a_day(**debtor: bool) -> Fraction:
            return exact(
                law=Law.nl, kind=TRADE, principal=euros("100"), first_day=date(2025, 1, 1),
                last_day=date(2025, 1, 1), contractual_percent=Decimal(2), **debtor,
            )  # fmt: skip

        assert a_day() == Fraction(200, 365)
        assert a_day(public_body=True) == Fraction(1115, 365)


class TestRefusals:
    @pytest.mark.parametrize(
        ("terms", "reason"),
        [
            ({"contractual_percent": Decimal("-0.01")}, "not negative"),
            ({"surcharge_percent": Decimal("-0.01")}, "not negative"),
            ({"contractual_percent": Decimal(5), "surcharge_percent": Decimal(1)}, "not both"),
        ],
    )
    def test_refuses_terms_that_contradict_each_other(self, terms, reason):
        with pytest.raises(ValueError, match=reason):
            run("1", date(2026, 1, 1), date(2026, 1, 2), **terms)

    @pytest.mark.parametrize(("law", "kind"), [(Law.de, TRADE), (Law.be, CONSUMER), (Law.be, CONTRACT)])
    def test_refuses_interest_over_interest_where_it_is_void(self, law, kind):
        """BGB s. 248, 289; old Belgian BW art. 1154."""
        with pytest.raises(UnlawfulInterest, match="void"):
            run(
                "1", date(2026, 1, 1), date(2026, 1, 2), law=law, kind=kind,
                contractual_percent=Decimal(5), compounding_agreed=True,
            )  # fmt: skip

    def test_refuses_a_kind_that_the_law_does_not_know(self):
        with pytest.raises(NoRate, match="no interest of kind consumer"):
            run("1", date(2026, 1, 1), date(2026, 1, 2), law=Law.uk, kind=CONSUMER)

    def test_refuses_interest_over_a_credit(self):
        with pytest.raises(ValueError, match="credit"):
            run("-1", date(2026, 1, 1), date(2026, 1, 2))

    def test_refuses_a_default_after_the_first_day(self):
        with pytest.raises(ValueError, match="default"):
            run("1", date(2026, 1, 1), date(2026, 1, 2), late_since=date(2026, 1, 2))

    def test_refuses_days_without_a_known_rate(self):
        with pytest.raises(NoRate, match="not known before 2010-01-01"):
            run("1", date(2009, 12, 31), date(2026, 1, 2), law=Law.be)

    def test_refuses_a_default_before_the_law_knew_the_interest(self):
        with pytest.raises(NoRate, match="no interest of kind trade under the law of nl on 2002-08-07"):
            run("1", date(2002, 8, 7), date(2026, 1, 2))


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


@pytest.mark.parametrize(
    ("first", "last", "begins"),
    [
        (date(2023, 12, 15), date(2024, 1, 20), [date(2023, 12, 15), date(2024, 1, 1)]),
        (date(2024, 12, 15), date(2025, 1, 20), [date(2024, 12, 15), date(2025, 1, 1)]),
        (date(2025, 12, 15), date(2027, 1, 20), [date(2025, 12, 15)]),
        (date(2022, 5, 1), date(2026, 5, 1), [date(2022, 5, 1), date(2024, 1, 1), date(2025, 1, 1)]),
    ],
)
def test_actual_years_are_told_apart_where_their_length_changes(first, last, begins):
    found = interest(
        law=Law.nl, kind=InterestKind.contract, principal=euros("1000"), first_day=first, last_day=last,
        contractual_percent=Decimal(5), day_count=DayCount.ACTUAL_ACTUAL, simple=True,
    )  # fmt: skip
    assert [segment.first_day for segment in found.segments] == begins
    assert [segment.year_days for segment in found.segments] == [
        366 if day.year == 2024 else 365 for day in begins
    ]
