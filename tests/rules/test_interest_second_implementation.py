"""Interest against a slow second implementation: every law, kind, setting and stop, to the cent."""

from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from agency.money import Money
from agency.rules.facts import InterestKind, Law
from agency.rules.interest import (
    DayCount,
    RoundingPoint,
    Stop,
    StopGround,
    interest,
)
from agency.rules.interest_column import interest_column
from agency.rules.rates import rate_on
from tests.rules.slow_interest import Debt, slow_interest, statutory

pytestmark = [pytest.mark.pure, pytest.mark.thorough]

DAY = timedelta(days=1)
STATUTORY = [
    ("nl", "consumer"), ("nl", "civil"), ("nl", "trade"), ("be", "consumer"), ("be", "civil"),
    ("be", "trade"), ("de", "consumer"), ("de", "civil"), ("de", "trade"), ("eu", "trade"), ("uk", "trade"),
]  # fmt: skip
BORDERS = [
    date(2014, 7, 28), date(2014, 7, 29), date(2015, 3, 15), date(2015, 3, 16), date(2016, 2, 29),
    date(2016, 6, 30), date(2020, 2, 28), date(2020, 2, 29), date(2020, 3, 1), date(2022, 12, 31),
    date(2023, 1, 1), date(2023, 7, 1), date(2023, 12, 31), date(2024, 2, 29), date(2024, 6, 30),
    date(2025, 12, 31), date(2026, 1, 1), date(2026, 7, 1),
]  # fmt: skip

days = st.one_of(st.dates(date(2013, 4, 1), date(2026, 12, 31)), st.sampled_from(BORDERS))
minors = st.one_of(st.integers(0, 10**5), st.integers(0, 10**10))
hundredths = st.integers(0, 1500).map(lambda points: Fraction(points, 100))


@st.composite
def stops(draw):
    begin = draw(days)
    length = draw(st.none() | st.integers(0, 900))
    return begin, None if length is None else begin + length * DAY


@st.composite
def debts(draw, only=STATUTORY, **fixed):
    late, first, last = sorted(draw(st.tuples(days, days, days)))
    if draw(st.booleans()):
        late = first
    law, kind = draw(st.sampled_from(only))
    asked = {
        "law": law, "kind": kind, "minor": draw(minors), "first": first, "last": last, "late": late,
        "contract_on": draw(st.none() | st.just(date(2013, 3, 15)) | st.just(date(2013, 3, 16))),
        "simple": draw(st.booleans()),
        "stops": tuple(draw(st.lists(stops(), max_size=3))),
        "rounding": draw(st.sampled_from([point.value for point in RoundingPoint])),
        "day_count": draw(st.sampled_from([count.value for count in DayCount])),
    }  # fmt: skip
    return Debt(**{**asked, **fixed})


@st.composite
def agreed_debts(draw):
    """Debts with a rate or points agreed, under any law that has one."""
    debt = draw(debts(only=[*STATUTORY, ("nl", "contract"), ("be", "contract"), ("de", "contract")]))
    changes = {"public_body": draw(st.booleans())}
    if debt.kind == "contract" or draw(st.booleans()):
        changes["agreed"] = draw(hundredths)
    else:
        changes["points"] = draw(hundredths)
    if debt.law not in ("be", "de"):
        changes["compounding_agreed"] = draw(st.booleans())
    return Debt(**{**{name: getattr(debt, name) for name in debt.__dataclass_fields__}, **changes})


def decimal(fraction: Fraction) -> Decimal:
    return Decimal(fraction.numerator) / Decimal(fraction.denominator)


def asked(debt: Debt) -> dict:
    return {
        "law": Law(debt.law), "kind": InterestKind(debt.kind), "principal": Money(debt.minor, "EUR"),
        "first_day": debt.first, "last_day": debt.last, "late_since": debt.late,
        "contractual_percent": None if debt.agreed is None else decimal(debt.agreed),
        "surcharge_percent": decimal(debt.points), "public_body": debt.public_body,
        "contract_on": debt.contract_on, "day_count": DayCount(debt.day_count),
        "stops": [Stop(StopGround.insolvency, begin, end) for begin, end in debt.stops],
    }  # fmt: skip


def product(debt: Debt):
    return interest(
        **asked(debt),
        compounding_agreed=debt.compounding_agreed,
        simple=debt.simple,
        rounding=RoundingPoint(debt.rounding),
    )


@given(debts())
@example(Debt(law="nl", kind="trade", minor=10**7, first=date(2020, 2, 29), last=date(2026, 3, 1),
              late=date(2020, 2, 29), day_count="actual_actual"))  # fmt: skip
@example(Debt(law="nl", kind="consumer", minor=10**7, first=date(2016, 2, 29), last=date(2024, 2, 29),
              late=date(2016, 2, 29), rounding="each_segment"))  # fmt: skip
@example(Debt(law="uk", kind="trade", minor=10**7, first=date(2023, 7, 1), last=date(2026, 7, 1),
              late=date(2023, 6, 30)))  # fmt: skip
def test_statutory_interest_is_the_slow_ones_to_the_cent(debt):
    found = product(debt)
    assert found.amount.minor == slow_interest(debt)
    assert Money.total((segment.amount for segment in found.segments), "EUR") == found.amount


@given(agreed_debts())
@example(Debt(law="be", kind="consumer", minor=10**7, first=date(2024, 12, 31), last=date(2026, 7, 1),
              late=date(2024, 12, 31), agreed=Fraction(25, 2)))  # fmt: skip
@example(Debt(law="nl", kind="trade", minor=10**7, first=date(2024, 1, 1), last=date(2026, 7, 1),
              late=date(2024, 1, 1), agreed=Fraction(25, 2), public_body=True))  # fmt: skip
def test_agreed_interest_is_the_slow_ones_to_the_cent(debt):
    found = product(debt)
    assert found.amount.minor == slow_interest(debt)
    assert Money.total((segment.amount for segment in found.segments), "EUR") == found.amount


@given(st.sampled_from(STATUTORY), st.lists(st.tuples(minors, days, days, days), max_size=8),
       st.sampled_from(list(DayCount)), hundredths, st.booleans(), st.booleans(), st.booleans())  # fmt: skip
def test_a_column_has_the_cents_of_its_debts_one_by_one(
    law_kind, rows, day_count, points, simple, compounding_agreed, late_known
):
    law, kind = Law(law_kind[0]), InterestKind(law_kind[1])
    rows = [(minor, *sorted(three)) for minor, *three in rows]
    terms = {
        "law": law, "kind": kind, "surcharge_percent": decimal(points), "simple": simple,
        "compounding_agreed": compounding_agreed and law not in (Law.be, Law.de), "day_count": day_count,
    }  # fmt: skip
    late_since = [late for _, late, _, _ in rows]
    found = interest_column(
        **terms,
        principals=[minor for minor, _, _, _ in rows],
        first_days=[first for _, _, first, _ in rows],
        last_days=[last for _, _, _, last in rows],
        late_since=late_since if late_known else None,
    )
    assert found == [
        interest(
            **terms, principal=Money(minor, "EUR"), first_day=first, last_day=last,
            late_since=late if late_known else None,
        ).amount.minor
        for minor, late, first, last in rows
    ]  # fmt: skip


@given(st.sampled_from(STATUTORY), days, st.none() | st.just(date(2013, 3, 15)))
def test_the_rate_of_a_day_is_the_slow_ones(law_kind, day, contract_on):
    law, kind = law_kind
    found = rate_on(law=Law(law), kind=InterestKind(kind), on=day, contract_on=contract_on)
    assert Fraction(found.percent) == statutory(law, kind, day, contract_on)
