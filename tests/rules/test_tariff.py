"""Tariffs of success fees: published ones by their files, and files that are refused."""

from decimal import Decimal
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agency.money import CurrencyMismatch, Money
from agency.rules.facts import Phase
from agency.rules.no_cure_no_pay import UnlawfulFee, Work
from agency.rules.tariff import (
    Outcome,
    Tariff,
    TariffFee,
    TariffRefused,
    UnreadableTariff,
    read_tariff,
    tariff_fee,
)
from tests.rules.explainable import assert_explains
from tests.rules.test_debt_age import ON

pytestmark = pytest.mark.pure

FOLDER = Path(__file__).parent / "tariffs"
FILES = sorted(path.stem for path in FOLDER.glob("*.toml"))


@cache
def tariff_of(name: str) -> Tariff:
    return read_tariff((FOLDER / f"{name}.toml").read_bytes())


def fee(
    tariff: str | Tariff, collected: str, age_months: int = 0, *, claim: str | None = None, **more
) -> TariffFee:
    """The fee by a published tariff; every answer must explain itself."""
    used = tariff_of(tariff) if isinstance(tariff, str) else tariff
    found = tariff_fee(
        tariff=used,
        collected=Money.parse(collected, used.currency),
        age_months=age_months,
        claim=None if claim is None else Money.parse(claim, used.currency),
        **more,
    )
    assert_explains(found.trace, found.amount)
    return found


def amount(*args, **more) -> str:
    return str(fee(*args, **more).amount.decimal)


def outcomes(found: TariffFee) -> list[str]:
    return [line.outcome.removeprefix("fee.") for line in found.trace]


class TestPublished:
    @pytest.mark.parametrize(
        ("tariff", "collected", "expected", "source"),
        [
            ("bierens", "10000", "1665.00", "S37"),
            ("bierens", "30000", "4540.00", "S37"),
            ("bierens", "60000", "8040.00", "S37"),
            ("bierens", "150000", "16040.00", "above 100,000"),
            ("bierens", "2999.99", "740.00", "below 3,000: +125"),
            ("bierens", "3000", "615.00", "from 3,000"),
            ("bierens", "0", "165.00", "nothing paid"),
            ("centurion", "100", "25.00", "S39"),
            ("centurion", "1000", "100.00", "S39"),
            ("centurion", "3500", "287.50", "S39"),
            ("centurion", "5000", "362.50", "S39"),
            ("centurion", "0", "0.00", "no cure, no pay"),
            ("debitura_europe", "500", "100.00", "S41"),
            ("debitura_europe", "10000", "950.00", "S41"),
            ("debitura_europe", "200000", "12000.00", "S41"),
            ("debitura_europe", "999.99", "200.00", "band 100-999"),
            ("debitura_europe", "1000", "95.00", "band 1,000-149,999"),
            ("debitura_international", "7999.99", "1600.00", "20%"),
            ("debitura_international", "8000", "1200.00", "15%"),
            ("debitura_international", "149999", "14999.90", "10%"),
            ("debitura_international", "150000", "11250.00", "7.5%"),
            ("guildways", "1000", "100.00", "P43"),
            ("guildways", "500", "50.00", "P43"),
            ("guildways", "0", "0.00", "P43"),
            ("vici", "5000", "750.00", "15%"),
            ("vici", "7500", "875.00", "750 + 5%"),
            ("vici", "10000", "875.00", "at most 875"),
            ("vici", "200000", "2775.00", "875 + 1%"),
            ("vici", "2000000", "6775.00", "at most 6,775"),
            ("vici", "0", "50.00", "nothing"),
            ("intercash", "100", "40.00", "minimum"),
            ("intercash", "6000", "750.00", "15% and 10%"),
            ("intercash", "100000", "4920.00", "450 + 300 + 720 + 2,250 + 1,200"),
            ("scholvinck", "25000", "3750.00", "first 25,000"),
            ("scholvinck", "75000", "10000.00", "next 50,000"),
            ("scholvinck", "175000", "20000.00", "next 100,000"),
            ("scholvinck", "275000", "28000.00", "the excess"),
            ("rijken", "100", "40.00", "minimum"),
            ("rijken", "1000", "150.00", "15%"),
            ("solupay", "349", "35.00", "flat 35"),
            ("solupay", "4000", "400.00", "10%"),
            ("solupay", "10000", "850.00", "cumulative"),
            ("solupay", "0", "35.00", "failure"),
            ("taurus", "5000", "600.00", "12%"),
            ("taurus", "5000.01", "500.00", "10%"),
            ("taurus", "12500", "1250.00", "10%"),
            ("taurus", "12501", "1000.08", "8%"),
            ("atradius_nordic", "10000", "1780.00", "10.5% and 730"),
            ("atradius_europe_1", "26500", "4837.50", "15.5% to 26,500"),
            ("atradius_europe_1", "26500.01", "4307.50", "13.5% above"),
            ("atradius_rest_of_world", "10000", "4235.00", "30.5% and 1,185"),
            ("mdc_domestic", "1000", "350.00", "35%"),
            ("mdc_foreign", "1000", "400.00", "40%"),
            ("msccm", "300", "150.00", "50% of the first 300"),
            ("msccm", "1000", "290.00", "20% after"),
        ],
    )
    def test_gives_the_published_fee(self, tariff, collected, expected, source):
        assert amount(tariff, collected) == expected, source

    @pytest.mark.parametrize(
        ("tariff", "months", "percent"),
        [
            ("debitura_europe", 12, "9.5"),
            ("debitura_europe", 13, "19.5"),
            ("debitura_europe", 24, "19.5"),
            ("debitura_europe", 25, "29.5"),
            ("taurus", 12, "10"),
            ("taurus", 13, "15"),
            ("atradius_nordic", 5, "10.5"),
            ("atradius_nordic", 6, "14.5"),
            ("msccm", 12, "20.9"),
            ("msccm", 13, "50"),
            ("debitura_older_b2c", 0, "15"),
            ("debitura_older_b2c", 2, "20"),
            ("debitura_older_b2b", 4, "20"),
            ("centurion", 36, "6.13"),
        ],
    )
    def test_costs_more_for_an_older_debt(self, tariff, months, percent):
        """Debitura: over 24 months 20 points, not 30; Atradius over 180 days, which six months always are."""
        assert fee(tariff, "10000", months).percent == Decimal(percent)

    def test_counts_the_days_where_they_are_known(self):
        assert fee("atradius_nordic", "10000", 5, age_days=180).percent == Decimal("10.5")
        found = fee("atradius_nordic", "10000", 5, age_days=181)
        assert (found.percent, outcomes(found)) == (Decimal("14.5"), ["rate", "surcharge", "fixed_opening"])

    def test_picks_the_band_by_the_claim_that_was_placed(self):
        assert amount("debitura_europe", "500", claim="10000") == "47.50"
        assert amount("bierens", "2000", claim="10000") == "465.00"
        assert amount("centurion", "1000", claim="5000") == "100.00"

    @pytest.mark.parametrize(
        ("tariff", "outcome", "collected", "claim", "expected"),
        [
            ("vici", Outcome.paid_in_full, "1000", None, "0.00"),
            ("centurion", Outcome.paid_in_full, "1000", None, "0.00"),
            ("centurion", Outcome.bankrupt, "0", "1000", "0.00"),
            ("intercash", Outcome.bankrupt, "0", "1000", "45.00"),
            ("solupay", Outcome.paid_in_full, "1000", None, "0.00"),
            ("bierens", Outcome.paid_in_full, "10000", None, "1665.00"),
            ("guildways", Outcome.paid_to_creditor, "1000", None, "100.00"),
            ("guildways", Outcome.paid_before_placement, "1000", None, "100.00"),
            ("guildways", Outcome.withdrawn, "0", "1000", "0.00"),
            ("guildways", Outcome.goods_returned, "1000", None, "0.00"),
            ("mdc_domestic", Outcome.paid_before_placement, "1000", None, "175.00"),
            ("msccm", Outcome.goods_returned, "1000", None, "145.00"),
            ("rijken", Outcome.withdrawn, "0", "1000", "150.00"),
            ("rijken", Outcome.nothing, "0", "100", "40.00"),
            ("rijken", Outcome.paid_to_creditor, "200", "1000", "150.00"),
        ],
    )
    def test_depends_on_how_it_ended(self, tariff, outcome, collected, claim, expected):
        """10 and 11: direct payment still earns the fee; half for returned goods or paid before placement."""
        assert amount(tariff, collected, claim=claim, outcome=outcome) == expected

    def test_halves_the_percentage_too(self):
        found = fee("mdc_domestic", "1000.01", outcome=Outcome.paid_before_placement)
        assert (found.percent, found.amount) == (Decimal("17.5"), Money.parse("175.00", "USD"))
        assert outcomes(found) == ["rate", "half"]

    @pytest.mark.parametrize(
        ("tariff", "collected", "why"),
        [
            ("debitura_europe", "99.99", "below USD 100.00"),
            ("taurus", "999.99", "below GBP 1000.00"),
            ("solupay", "10000.01", "above EUR 10000.00"),
        ],
    )
    def test_refuses_claims_that_the_tariff_does_not_take(self, tariff, collected, why):
        with pytest.raises(TariffRefused, match=why):
            fee(tariff, collected)

    def test_needs_the_claim_where_it_counts(self):
        with pytest.raises(TariffRefused, match="over the claim"):
            fee("rijken", "0")

    @pytest.mark.parametrize("name", FILES)
    def test_every_file_names_its_source(self, name):
        tariff = tariff_of(name)
        assert all((tariff.source, tariff.name, tariff.bands))
        trace = fee(name, "9000").trace
        assert trace[0].source == f"{tariff.name}: {tariff.source}"
        assert trace[0].version == "2026-11-21"


class TestTrace:
    def test_says_slice_by_slice(self):
        found = fee("vici", "12000")
        assert outcomes(found) == ["slice", "slice", "slice_most", "slice"]
        amounts = [str(line.amount.decimal) for line in found.trace if line.amount]
        assert amounts == ["750.00", "250.00", "-125.00", "20.00"]
        assert found.percent == Decimal("7.46")

    def test_says_what_a_minimum_and_a_maximum_change(self):
        assert outcomes(fee("centurion", "100")) == ["slice", "minimum"]
        assert outcomes(fee("centurion", "250")) == ["slice"]
        assert outcomes(fee("vici", "2000000"))[-1] == "maximum"
        assert outcomes(fee("vici", "1000000"))[-1] == "slice"

    def test_says_nothing_of_slices_and_limits_that_are_only_reached(self):
        assert outcomes(fee("centurion", "1000")) == ["slice"]
        assert outcomes(fee("vici", "7500")) == ["slice", "slice"]

    def test_says_so_when_nothing_is_asked(self):
        found = fee("guildways", "0")
        assert (outcomes(found), found.percent) == (["nothing"], Decimal(0))
        assert outcomes(fee("guildways", "0", claim="0")) == ["nothing"]
        failed = fee("vici", "0")
        assert (outcomes(failed), failed.percent) == (["outcome_nothing"], Decimal(0))

    def test_gives_the_percentage_before_minimum_and_fixed_amounts(self):
        assert fee("centurion", "100").percent == Decimal(10)
        assert fee("bierens", "30000").percent == Decimal("14.58")
        assert fee("msccm", "300").percent == Decimal(50)


class TestRefusals:
    @pytest.mark.parametrize("more", [{"claim": "-1"}, {"age_months": -1}, {"age_days": -1}])
    def test_refuses_what_is_negative(self, more):
        with pytest.raises(ValueError, match="not negative"):
            fee("guildways", "1", **more)

    def test_refuses_money_given_back(self):
        with pytest.raises(ValueError, match="not negative"):
            fee("guildways", "-1")

    def test_refuses_another_currency(self):
        with pytest.raises(CurrencyMismatch):
            tariff_fee(tariff=tariff_of("guildways"), collected=Money(1, "EUR"), age_months=0)

    def test_refuses_work_that_is_not_paid_by_result(self):
        with pytest.raises(UnlawfulFee):
            fee("solupay", "100", work=Work(country="BE", phase=Phase.legal, on=ON))
        assert amount("solupay", "1000", work=Work(country="BE", phase=Phase.amicable, on=ON)) == "100.00"


BASE = """
name = "A"
source = "B"
version = 2026-01-01
currency = "EUR"
basis = "slices"
"""
BAND = "[[band]]\nfrom = 0\npercent = 10\n"


class TestFile:
    def test_reads_text_and_bytes_alike(self):
        assert read_tariff(BASE + BAND) == read_tariff((BASE + BAND).encode())

    @pytest.mark.parametrize(
        ("content", "why"),
        [
            (b"\xff", "not a TOML file"),
            ("name =", "not a TOML file"),
            ("", "currency: is missing"),
            (BASE.replace('"EUR"', '"XYZ"') + BAND, "currency: 'XYZ' is not known"),
            (BASE.replace('"A"', '" "') + BAND, "name: is not a text"),
            (BASE.replace('"B"', "1") + BAND, "source: is not a text"),
            (BASE.replace("2026-01-01", '"soon"') + BAND, "version: is not a date"),
            (BASE.replace("2026-01-01", "2026-01-01T00:00:00") + BAND, "version: is not a date"),
            (BASE.replace('"slices"', '"steps"') + BAND, "basis: 'steps' is not one of slices, whole"),
            (BASE, "band: there is none"),
            ("band = 1\n" + BASE, "band: is not a list of tables"),
            ("band = [1]\n" + BASE, "band: is not a list of tables"),
            (BASE + "[[band]]\nfrom = 0\n", "band 1, percent: is missing"),
            (BASE + BAND.replace("10", "101"), "band 1, percent: 101 is not between 0 and 100"),
            (BASE + BAND.replace("10", "-1"), "band 1, percent: -1 is not between 0 and 100"),
            (BASE + BAND.replace("10", "nan"), "band 1, percent: NaN is not between 0 and 100"),
            (BASE + BAND.replace("10", '"ten"'), "band 1, percent: 'ten' is not a percentage"),
            (BASE + BAND.replace("from = 0", "from = 1"), "slices begin at 0"),
            (BASE + BAND.replace("from = 0", "from = -1"), "band 1, from: is negative"),
            (BASE + BAND.replace("from = 0", "from = 0.001"), "band 1, from: EUR has 2 decimals"),
            (BASE + BAND.replace("from = 0", "from = true"), "band 1, from: not a plain decimal"),
            (BASE + BAND + "over = 0\n", "band 1, from: give it or over, and only one"),
            (BASE + BAND.replace("from = 0", ""), "band 1, from: give it or over, and only one"),
            (BASE + BAND + BAND, "band: each must begin higher"),
            (BASE + BAND + "colour = 1\n", "band 1, colour: is not a field of a tariff"),
            ("colour = 1\nage = 2\n" + BASE + BAND, "age, colour: is not a field of a tariff"),
            ("minimum = 2\nmaximum = 1\n" + BASE + BAND, "minimum: is above the maximum"),
            ('limit = "much"\n' + BASE + BAND, "limit: not a plain decimal"),
            (BASE + BAND + "[[surcharge]]\npoints = 1\n", "surcharge 1, over_months: give it or over_days"),
            (BASE + BAND + "[[surcharge]]\nover_days = 1\n", "surcharge 1, points: give it or percent"),
            (
                BASE + BAND + "[[surcharge]]\nover_days = -1\npoints = 1\n",
                "surcharge 1, over_days: is not a count",
            ),
            (BASE + BAND + "[[surcharge]]\nover_days = true\npoints = 1\n", "over_days: is not a count"),
            (
                BASE + BAND + "[[surcharge]]\nover_days = 1\npoints = 1\nx = 1\n",
                "surcharge 1, x: is not a field",
            ),
            (
                BASE
                + BAND
                + "[[surcharge]]\nover_days = 9\npoints = 1\n[[surcharge]]\nover_days = 9\npoints = 2\n",
                "surcharge: all count months or all count days",
            ),
            (
                BASE
                + BAND
                + "[[surcharge]]\nover_months = 9\npoints = 1\n[[surcharge]]\nover_months = 8\npoints = 2\n",
                "surcharge: all count months or all count days",
            ),
            (
                BASE
                + BAND
                + "[[surcharge]]\nover_days = 1\npoints = 1\n[[surcharge]]\nover_months = 9\npoints = 2\n",
                "surcharge: all count months or all count days",
            ),
            (BASE + BAND + '[[fee]]\nkind = "tip"\namount = 1\n', "fee 1, kind: 'tip' is not one of base"),
            (BASE + BAND + '[[fee]]\nkind = "base"\n', "fee 1, amount: is missing"),
            (BASE + BAND + '[[fee]]\nkind = "base"\namount = 1\nwhen = "now"\n', "fee 1, when: 'now'"),
            (BASE + BAND + '[[fee]]\nkind = "base"\namount = 1\nx = 1\n', "fee 1, x: is not a field"),
            ("outcome = 1\n" + BASE + BAND, "outcome: is not a table"),
            (BASE + BAND + '[outcome]\nlost = "none"\n', "outcome.lost: is not one of collected"),
            (BASE + BAND + '[outcome]\nnothing = "some"\n', "outcome.nothing: not a plain decimal"),
            ("bands = " + "[" * 5_000, "not a TOML file"),
        ],
    )
    def test_is_refused_with_the_field_and_the_reason(self, content, why):
        with pytest.raises(UnreadableTariff) as refused:
            read_tariff(content)
        assert why in str(refused.value)

    def test_may_say_all_there_is(self):
        found = read_tariff(
            'minimum = "1.50"\nmaximum = 5\nlimit = 100.25\n'
            + BASE
            + "[[band]]\nfrom = 0\npercent = 10\nmost = 3\n[[band]]\nover = 50\npercent = 5.5\n"
            + "[[surcharge]]\nover_days = 0\npoints = 1\n"
            + '[[fee]]\nkind = "administration"\namount = 2\nwhen = "always"\n'
            + '[outcome]\nwithdrawn = 12.5\ngoods_returned = "half"\n'
        )
        assert (found.minimum, found.limit) == (Money(150, "EUR"), Money(10025, "EUR"))
        assert [band.exclusive for band in found.bands] == [False, True]
        withdrawn = fee(found, "0", outcome=Outcome.withdrawn)
        assert (withdrawn.amount, outcomes(withdrawn)) == (
            Money(1450, "EUR"),
            ["outcome_withdrawn", "fixed_administration"],
        )
        assert outcomes(fee(found, "100", age_days=1))[-2:] == ["maximum", "fixed_administration"]

    def test_may_go_to_the_limits(self):
        found = read_tariff(
            "minimum = 1\nmaximum = 1\n"
            + BASE
            + BAND.replace("10", "0")
            + "[[band]]\nfrom = 1\npercent = 100\n"
        )
        assert amount(found, "50") == "1.00"

    def test_asks_each_fixed_amount_by_itself(self):
        found = read_tariff(
            BASE
            + BAND
            + '[[fee]]\nkind = "small_claim"\namount = 1\nclaim_below = 5\n'
            + '[[fee]]\nkind = "base"\namount = 2\n'
        )
        assert outcomes(fee(found, "5")) == ["slice", "fixed_base"]
        assert outcomes(fee(found, "4.99")) == ["slice", "fixed_small_claim", "fixed_base"]

    @pytest.mark.parametrize("outcome", list(Outcome))
    def test_says_in_words_what_each_outcome_costs(self, outcome):
        tariff = read_tariff(BASE + BAND + f"[outcome]\n{outcome} = 7\n")
        assert outcomes(fee(tariff, "10", outcome=outcome)) == [f"outcome_{outcome}"]


minors = st.integers(1, 10**9).map(lambda minor: str(Money(minor, "EUR").decimal))
sliced = st.sampled_from([name for name in FILES if tariff_of(name).basis == "slices" and name != "solupay"])


@given(sliced, minors, minors)
def test_slices_never_cost_less_for_more(name, one, other):
    low, high = sorted((Decimal(one), Decimal(other)))
    claim = "1000000000"
    assert fee(name, str(low), claim=claim).amount <= fee(name, str(high), claim=claim).amount


@given(st.sampled_from(FILES), st.integers(1000_00, 10000_00), st.integers(0, 40))
def test_an_older_debt_never_costs_less(name, minor, months):
    text = f"{minor // 100}.{minor % 100:02}"
    assert fee(name, text, months).amount <= fee(name, text, months + 1).amount
