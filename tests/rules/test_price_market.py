"""The agency's own card against what collectors publish, worked out from their tariffs."""

from decimal import Decimal
from pathlib import Path
from statistics import quantiles

import pytest

from agency.money import Money
from agency.rules.facts import DebtorKind, DisputeStatus
from agency.rules.price import DEFAULT_CARD, PriceFacts, price
from agency.rules.tariff import TariffRefused, read_tariff, tariff_fee

pytestmark = pytest.mark.pure

FOLDER = Path(__file__).parent / "tariffs"
# Those for a home claim in Europe against a company; the others are for another continent or for consumers.
COMPARABLE = (
    "atradius_europe_1", "atradius_nordic", "bierens", "centurion", "debitura_europe", "guildways",
    "intercash", "rijken", "scholvinck", "solupay", "taurus", "vici",
)  # fmt: skip
DAYS, MONTHS = 100, 3


def published_percents(euros: int) -> list[Decimal]:
    """What each collector asks of a claim of so much, in per cent, without its fixed fees."""
    found = []
    for name in COMPARABLE:
        tariff = read_tariff((FOLDER / f"{name}.toml").read_bytes())
        claim = Money.parse(str(euros), tariff.currency)
        try:
            fee = tariff_fee(tariff=tariff, collected=claim, claim=claim, age_months=MONTHS, age_days=DAYS)
        except TariffRefused:
            continue  # it takes no claim of that size
        fixed = sum(
            line.amount.minor for line in fee.trace if line.amount and line.outcome.startswith("fee.fixed")
        )
        found.append(Decimal(fee.amount.minor - fixed) * 100 / claim.minor)
    return found


@pytest.mark.parametrize("euros", [500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 200_000])
def test_stands_between_the_quartiles_of_the_published_tariffs(euros):
    """rules.md section 11: the default card is in the middle of the market, at every size."""
    asked = published_percents(euros)
    assert len(asked) >= 10
    low, _, high = quantiles(asked, n=4, method="inclusive")
    facts = PriceFacts(
        amount=Money.parse(str(euros), "EUR"), age_days=DAYS, debtor=DebtorKind.company, country="NL",
        completeness=DEFAULT_CARD.pivot_points, dispute=DisputeStatus.none,
    )  # fmt: skip
    own = Decimal(price(card=DEFAULT_CARD, facts=facts).fee_bps) / 100
    assert low <= own <= high
