"""The rate tables: against each other, against the reference rate, and against three collected sources."""

import csv
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise

import pytest

from agency.rules.facts import InterestKind, Law
from agency.rules.rates import (
    NoRate,
    rate_on,
    rate_table,
    reference_on,
    round_up_to_half_point,
    stale_tables,
)

pytestmark = pytest.mark.pure

CONSUMER, TRADE, CIVIL = InterestKind.consumer, InterestKind.trade, InterestKind.civil
# Rows on which the collected sources differ, and which of them rules.md section 2.2 follows.
DISPUTED = {
    ("commercial", "2013-01-01"): Decimal("7.75"),
    ("commercial", "2026-07-01"): Decimal("10.40"),
    ("commercial", "2027-01-01"): Decimal("10.40"),
    ("consumer", "2009-01-01"): Decimal(6),
    ("consumer", "2009-07-01"): Decimal(4),
    ("consumer", "2014-07-01"): Decimal(3),
}


def percent(law: Law, kind: InterestKind, on: date) -> Decimal:
    return rate_on(law=law, kind=kind, on=on).percent


@pytest.mark.parametrize(
    ("law", "kind", "on", "expected", "source"),
    [
        (Law.nl, TRADE, date(2026, 7, 1), "10.40", "P24 rijksoverheid via luxis"),
        (Law.nl, TRADE, date(2026, 6, 30), "10.15", "P24"),
        (Law.eu, TRADE, date(2026, 1, 1), "10.15", "P25 getinvoicepdf.com"),
        (Law.eu, TRADE, date(2026, 12, 31), "10.40", "P25 getinvoicepdf.com"),
        (Law.de, CONSUMER, date(2026, 7, 1), "6.52", "P32 Bundesbank"),
        (Law.de, TRADE, date(2026, 7, 1), "10.52", "P32 Bundesbank"),
        (Law.nl, CONSUMER, date(2026, 11, 1), "4", "Stb. 2025, 438"),
        (Law.nl, CIVIL, date(2025, 12, 31), "6", "BW 6:119"),
        (Law.be, CIVIL, date(2024, 5, 1), "5.75", "webwin"),
        (Law.be, CONSUMER, date(2026, 5, 1), "4.5", "embuild"),
    ],
)
def test_knows_the_published_rate(law, kind, on, expected, source):
    assert percent(law, kind, on) == Decimal(expected), source


def test_begins_and_ends_a_rate_on_the_day():
    assert percent(Law.nl, CONSUMER, date(2023, 6, 30)) == 4
    found = rate_on(law=Law.nl, kind=CONSUMER, on=date(2023, 7, 1))
    assert (found.percent, found.since, found.source) == (6, date(2023, 7, 1), "Stb. 2023, 215")


def test_belgium_rounds_up_to_the_half_point():
    """P27: notices of FPS Finance via schoups, etaamb, trendstop, embuild."""
    published = {"0.25": "8.5", "0.05": "8.5", "2.50": "10.5", "4.25": "12.5", "3.15": "11.5", "2.15": "10.5"}
    for reference, expected in published.items():
        assert round_up_to_half_point(Decimal(reference) + 8) == Decimal(expected)
    assert round_up_to_half_point(Decimal("10.50")) == Decimal("10.5")


def half_years() -> list[date]:
    return [date(year, month, 1) for year in range(2014, 2027) for month in (1, 7)]


def test_trade_rates_follow_from_the_reference_rate():
    for day in half_years():
        reference = reference_on(on=day).percent
        assert percent(Law.nl, TRADE, day) == reference + 8, day
        assert percent(Law.eu, TRADE, day) == reference + 8, day
        assert percent(Law.be, TRADE, day) == round_up_to_half_point(reference + 8), day


def test_the_reference_rate_is_that_of_the_start_of_the_half_year():
    assert reference_on(on=date(2026, 6, 30)).percent == Decimal("2.15")
    assert reference_on(on=date(2026, 7, 1)).percent == Decimal("2.40")


def test_a_missing_rate_never_passes_for_a_zero_one():
    with pytest.raises(NoRate, match="no statutory interest"):
        rate_on(law=Law.uk, kind=CONSUMER, on=date(2026, 1, 1))
    with pytest.raises(NoRate, match="not known before"):
        rate_on(law=Law.nl, kind=TRADE, on=date(2002, 8, 7))


def test_names_the_tables_that_need_a_look():
    assert stale_tables(on=date(2026, 12, 31)) == []
    assert "rates_nl_trade" in stale_tables(on=date(2027, 1, 1))


def test_every_row_has_a_source_and_a_later_day_than_the_one_before():
    for law in Law:
        for kind in (CONSUMER, TRADE, CIVIL):
            try:
                table = rate_table(law=law, kind=kind)
            except NoRate:
                continue
            assert all(rate.source for rate in table.rates)
            assert all(older < newer for older, newer in pairwise(table.starts))
            assert table.starts[-1] <= table.confirmed_until + timedelta(days=1)


def test_agrees_with_the_collected_tables(real_data):
    """08_wik: rentetool, luxis migration and luxis seed, where they agree, else the row chosen above."""
    compared = 0
    with (real_data / "08_wik" / "rate_tables_compared.csv").open(newline="") as file:
        for row in csv.DictReader(file):
            kind = TRADE if row["kind"] == "commercial" else CONSUMER
            on = date.fromisoformat(row["date"])
            if on < rate_table(law=Law.nl, kind=kind).starts[0]:
                continue
            printed = {value for name, value in row.items() if name.endswith("(in force)") and value}
            expected = DISPUTED.get((row["kind"], row["date"]))
            assert (expected is not None) == (row["all_agree"] == "NO")
            assert percent(Law.nl, kind, on) == (Decimal(printed.pop()) if expected is None else expected), (
                row
            )
            compared += 1
    assert compared > 90
