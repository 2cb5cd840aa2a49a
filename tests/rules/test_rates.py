"""The rate tables: against each other, against the reference rate, and against three collected sources."""

import csv
from dataclasses import replace
from datetime import date, timedelta
from decimal import ROUND_CEILING, Decimal
from itertools import pairwise

import pytest

from agency.rules.facts import InterestKind, Law
from agency.rules.freshness import rate_alarms
from agency.rules.rates import (
    NoRate,
    all_rate_tables,
    half_year,
    rate_on,
    rate_table,
    reference_table,
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


def by_day(text: str) -> dict[date, str]:
    """Read "2013-01-01 -0.13" and so on, as rules.md has it."""
    return {date.fromisoformat(day): value for day, value in (row.split() for row in text.split(";"))}


# Rows of rules.md, written down once more: sections 2.2, 4.4, 5.2, 5.3 and 5.4.
NL_CONSUMER = by_day(
    "1998-01-01 6;2001-01-01 8;2002-01-01 7;2003-08-01 5;2004-02-01 4;2007-01-01 6;2009-07-01 4;2010-01-01 3;"
    "2011-07-01 4;2012-07-01 3;2015-01-01 2;2023-01-01 4;2023-07-01 6;2024-01-01 7;2025-01-01 6;2026-01-01 4"
)
NL_TRADE = by_day(
    "2002-12-01 10.35;2003-01-01 9.85;2003-07-01 9.10;2004-01-01 9.02;2004-07-01 9.01;2005-01-01 9.09;"
    "2005-07-01 9.05;2006-01-01 9.25;2006-07-01 9.83;2007-01-01 10.58;2007-07-01 11.07;2008-01-01 11.20;"
    "2008-07-01 11.07;2009-01-01 9.50;2009-07-01 8.00;2011-07-01 8.25;2012-01-01 8.00;2013-01-01 7.75;"
    "2013-03-16 8.75;2013-07-01 8.50;2014-01-01 8.25;2014-07-01 8.15;2015-01-01 8.05;2016-07-01 8.00;"
    "2023-01-01 10.50;2023-07-01 12.00;2024-01-01 12.50;2024-07-01 12.25;2025-01-01 11.15;2025-07-01 10.15;"
    "2026-01-01 10.15;2026-07-01 10.40"
)
ECB = by_day(
    "2008-07-09 4.25;2008-10-15 3.75;2008-11-12 3.25;2008-12-10 2.50;2009-01-21 2.00;2009-03-11 1.50;"
    "2009-04-08 1.25;2009-05-13 1.00;2011-04-13 1.25;2011-07-13 1.50;2011-11-09 1.25;2011-12-14 1.00;"
    "2012-07-11 0.75;2013-05-08 0.50;2013-11-13 0.25;2014-06-11 0.15;2014-09-10 0.05;2016-03-16 0.00;"
    "2022-07-27 0.50;2022-09-14 1.25;2022-11-02 2.00;2022-12-21 2.50;2023-02-08 3.00;2023-03-22 3.50;"
    "2023-05-10 3.75;2023-06-21 4.00;2023-08-02 4.25;2023-09-20 4.50;2024-06-12 4.25;2024-09-18 3.65;"
    "2024-10-23 3.40;2024-12-18 3.15;2025-02-05 2.90;2025-03-12 2.65;2025-04-23 2.40;2025-06-11 2.15;"
    "2026-06-17 2.40"
)
BASE_RATES = by_day(
    "2002-01-01 2.57;2002-07-01 2.47;2003-01-01 1.97;2003-07-01 1.22;2004-01-01 1.14;2004-07-01 1.13;"
    "2005-01-01 1.21;2005-07-01 1.17;2006-01-01 1.37;2006-07-01 1.95;2007-01-01 2.70;2007-07-01 3.19;"
    "2008-01-01 3.32;2008-07-01 3.19;2009-01-01 1.62;2009-07-01 0.12;2011-07-01 0.37;2012-01-01 0.12;"
    "2013-01-01 -0.13;2013-07-01 -0.38;2014-01-01 -0.63;2014-07-01 -0.73;2015-01-01 -0.83;2016-07-01 -0.88;"
    "2023-01-01 1.62;2023-07-01 3.12;2024-01-01 3.62;2024-07-01 3.37;2025-01-01 2.27;2025-07-01 1.27;"
    "2026-01-01 1.27;2026-07-01 1.52"
)
UK_RATES = by_day(
    "2017-01-01 8.25;2018-01-01 8.5;2019-01-01 8.75;2020-07-01 8.1;2022-01-01 8.25;2022-07-01 9.25;"
    "2023-01-01 11.5;2023-07-01 13.0;2024-01-01 13.25;2025-01-01 12.75;2025-07-01 12.25;2026-01-01 11.75"
)
CIVIL_RATES = {
    2007: "6", 2008: "7", 2009: "5.5", 2010: "3.25", 2011: "3.75", 2012: "4.25", 2013: "2.75", 2014: "2.75",
    2015: "2.5", 2016: "2.25", 2017: "2", 2018: "2", 2019: "2", 2020: "1.75", 2021: "1.75", 2022: "1.5",
    2023: "5.25", 2024: "5.75", 2025: "4.5", 2026: "4.5",
}  # fmt: skip
BE_TRADE = {
    "2010 2011.0": "8.0", "2011.5": "8.5", "2012 2012.5": "8.0", "2013.5 2014 2014.5 2015 2015.5 2016": "8.5",
    "2016.5 2019 2022.5": "8.0", "2023": "10.5", "2023.5": "12.0", "2024 2024.5": "12.5", "2025": "11.5",
    "2025.5 2026 2026.5": "10.5",
}  # fmt: skip


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


def reference_on(day: date) -> Decimal:
    """The ECB's rate of the last operation before the half-year began (Directive 2011/7/EU art. 2(7))."""
    return reference_table().at(half_year(day)).percent


def rounded_up(rate: Decimal) -> Decimal:
    """A rate up to the next half point, as Belgian law asks (2 August 2002)."""
    return (rate * 2).to_integral_value(ROUND_CEILING) / 2


def half_years(begin: int, end: int = 2026) -> list[date]:
    return [date(year, month, 1) for year in range(begin, end + 1) for month in (1, 7)]


class TestFormulas:
    """What follows from another rate is worked out again: a slip in a row cannot stay."""

    def test_trade_rates_are_the_reference_rate_and_eight_points(self):
        for day in half_years(2013)[1:]:
            reference = reference_on(day)
            assert percent(Law.nl, TRADE, day) == reference + 8, day
            assert percent(Law.eu, TRADE, day) == reference + 8, day
            assert percent(Law.be, TRADE, day) == rounded_up(reference + 8), day

    def test_they_were_seven_points_until_16_march_2013(self):
        for day in [*half_years(2009, 2012), date(2013, 1, 1), date(2013, 3, 15)]:
            assert percent(Law.nl, TRADE, day) == reference_on(day) + 7, day
        for day in [*half_years(2010, 2012), date(2013, 1, 1), date(2013, 3, 15)]:
            rounded = rounded_up(reference_on(day) + 7)
            assert percent(Law.be, TRADE, day) == rounded, day
        assert percent(Law.nl, TRADE, date(2013, 3, 16)) == Decimal("8.75")
        assert percent(Law.eu, TRADE, date(2013, 3, 16)) == Decimal("8.75")
        assert percent(Law.be, TRADE, date(2013, 3, 16)) == 9

    def test_old_belgian_contracts_kept_seven_points_until_15_march_2015(self):
        def old(day: date) -> Decimal:
            return rate_on(law=Law.be, kind=TRADE, on=day, contract_on=date(2013, 3, 15)).percent

        for day in [*half_years(2010, 2014), date(2015, 1, 1), date(2015, 3, 15)]:
            assert old(day) == rounded_up(reference_on(day) + 7), day
        for day in [date(2015, 3, 16), *half_years(2015)[1:]]:
            assert old(day) == percent(Law.be, TRADE, day), day
        new = rate_on(law=Law.be, kind=TRADE, on=date(2015, 3, 15), contract_on=date(2013, 3, 16))
        assert new.percent == Decimal("8.5")

    def test_german_rates_are_the_base_rate_and_points(self):
        for day, base in BASE_RATES.items():
            for on in (day, day + timedelta(days=27)):
                assert percent(Law.de, CONSUMER, on) == Decimal(base) + 5, on
                points = 9 if on >= date(2014, 7, 29) else 8
                assert percent(Law.de, TRADE, on) == Decimal(base) + points, on
        assert percent(Law.de, TRADE, date(2014, 7, 28)) == Decimal("7.27")
        assert percent(Law.de, TRADE, date(2014, 7, 29)) == Decimal("8.27")

    def test_the_belgian_civil_rate_changes_with_the_year(self):
        for year, expected in CIVIL_RATES.items():
            for on in (date(year, 1, 1), date(year, 12, 31)):
                assert percent(Law.be, CIVIL, on) == Decimal(expected), on

    def test_the_british_rate_is_that_of_the_half_year(self):
        for day, expected in UK_RATES.items():
            assert percent(Law.uk, TRADE, day) == Decimal(expected), day
            assert percent(Law.uk, TRADE, day - timedelta(days=1)) != Decimal(expected), day


@pytest.mark.parametrize(
    ("table", "rows"),
    [
        (rate_table(law=Law.nl, kind=CONSUMER), NL_CONSUMER),
        (rate_table(law=Law.nl, kind=TRADE), {date(2002, 8, 8): "10.35"} | NL_TRADE),
        (reference_table(), ECB),
        (rate_table(law=Law.de, kind=CONSUMER), {day: Decimal(base) + 5 for day, base in BASE_RATES.items()}),
    ],
    ids=["6:119", "6:119a", "ECB", "Basiszinssatz + 5"],
)
def test_every_row_is_that_of_the_fact_sheet(table, rows):
    assert {rate.since: rate.percent for rate in table.rates} == {
        day: Decimal(value) for day, value in rows.items()
    }


def test_belgian_half_years_are_those_of_the_fact_sheet():
    for periods, expected in BE_TRADE.items():
        for period in periods.split():
            year, _, half = period.partition(".")
            on = date(int(year), 7 if half == "5" else 1, 1)
            assert percent(Law.be, TRADE, on) == Decimal(expected), on
    assert percent(Law.be, TRADE, date(2013, 3, 15)) == 8


def test_rows_that_are_not_sure_say_how():
    doubts = {
        (table.name, rate.since.isoformat()): rate.doubt
        for table in all_rate_tables()
        for rate in table.rates
        if rate.doubt
    }
    assert doubts["rates_nl_trade", "2004-01-01"] == "conflict"
    assert doubts["rates_be_civil", "2010-01-01"] == "conflict"
    assert doubts["rates_be_trade", "2026-07-01"] == "derived"
    assert doubts["uk_bank_rate", "2026-07-01"] == "derived"
    before = rate_on(law=Law.de, kind=TRADE, on=date(2014, 7, 28))
    assert (before.doubt, before.since) == ("memory", date(2014, 7, 1))
    assert rate_on(law=Law.de, kind=TRADE, on=date(2014, 7, 29)).doubt == ""


def test_a_rate_with_points_names_both_sources():
    found = rate_on(law=Law.de, kind=CONSUMER, on=date(2026, 7, 1))
    assert found.source == "BGB s. 288(1): 1.52 + 5; Bundesbank, Basiszinssatz"
    assert found.since == date(2026, 7, 1)


def test_the_reference_rate_is_that_of_the_start_of_the_half_year():
    assert reference_on(date(2026, 6, 30)) == Decimal("2.15")
    assert reference_on(date(2026, 7, 1)) == Decimal("2.40")


def test_a_missing_rate_never_passes_for_a_zero_one():
    with pytest.raises(NoRate, match="no statutory interest"):
        rate_on(law=Law.uk, kind=CONSUMER, on=date(2026, 1, 1))
    with pytest.raises(NoRate, match="not known before"):
        rate_on(law=Law.nl, kind=TRADE, on=date(2002, 8, 7))


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


def test_a_half_year_begins_on_the_first_of_january_or_july():
    for month in range(1, 13):
        assert half_year(date(2026, month, 17)) == date(2026, 1 if month < 7 else 7, 1)


def known_until(monkeypatch, day: date) -> None:
    """Take the reference rate for known up to a day, as an operator's file would say."""
    table = replace(reference_table(), confirmed_until=day)
    monkeypatch.setattr("agency.rules.freshness.reference_table", lambda: table)


def test_a_reference_that_is_known_on_the_first_day_is_known_for_the_half_year(monkeypatch):
    known_until(monkeypatch, date(2026, 7, 1))
    assert rate_alarms(on=date(2026, 8, 1)) == ()
    known_until(monkeypatch, date(2026, 6, 30))
    assert [alarm.table for alarm in rate_alarms(on=date(2026, 8, 1))] == ["ecb_refinancing"]


def test_missing_tables_are_named_before_those_that_end(monkeypatch):
    known_until(monkeypatch, date(2026, 6, 30))
    found = rate_alarms(on=date(2026, 12, 31))
    assert [alarm.level.value for alarm in found] == ["missing"] + ["ending"] * (len(found) - 1)
    assert found[0].table == "ecb_refinancing"
    assert [alarm.table for alarm in found[1:]] == sorted(alarm.table for alarm in found[1:])
