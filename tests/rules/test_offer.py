"""What an offer costs and what it may ask: never less for more recovered, never above its cap."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agency.money import Money
from agency.rules.facts import Phase
from agency.rules.offer import (
    Expected,
    Nature,
    Offer,
    OfferKind,
    OfferPart,
    Supplier,
    at_most,
    hours_cost,
    may_be_second,
    offer_faults,
    offer_policy,
    poor_fit,
    review_offer,
    work_out,
)
from agency.rules.price import DEFAULT_CARD

pytestmark = pytest.mark.pure

ON = date(2026, 11, 28)
CLAIM = Money(500_000, "EUR")
VAT = Decimal(21)


def an_offer(kind=OfferKind.success, *parts, **more) -> Offer:
    return Offer(kind=kind, currency="EUR", parts=parts, **more)


def part(phase=Phase.amicable, **more) -> OfferPart:
    return OfferPart(phase=phase, **more)


BY_PHASE = an_offer(
    OfferKind.phased,
    part(success_bps=1_200),
    part(Phase.legal, nature=Nature.recommended, flat=45_000, hour=18_000, minutes_max=300),
)

parts = st.builds(
    OfferPart,
    phase=st.sampled_from(Phase),
    nature=st.sampled_from(Nature),
    success_bps=st.integers(0, 10_000),
    flat=st.integers(0, 200_000),
    hour=st.integers(0, 40_000),
    minutes_max=st.integers(0, 6_000),
)
offers = st.builds(
    Offer,
    kind=st.sampled_from(OfferKind),
    currency=st.just("EUR"),
    parts=st.lists(parts, min_size=1, max_size=4).map(tuple),
    minimum=st.integers(0, 50_000),
)
amounts = st.integers(1, 100_000_000)


class TestWhatItCosts:
    @given(offers, amounts, st.integers(0, 10_000), st.integers(0, 10_000), st.sampled_from([0, 21]))
    def test_never_falls_with_what_is_recovered_and_stays_between_nothing_and_the_cap(
        self, offer, minor, one, other, vat
    ):
        amount = Money(minor, "EUR")
        less, more = sorted(Money(minor * bps // 10_000, "EUR") for bps in (one, other))
        low, high = (
            work_out(offer, amount=amount, recovered=recovered, vat_percent=Decimal(vat))
            for recovered in (less, more)
        )
        assert Money.zero("EUR") <= low.total <= high.total <= at_most(offer, amount)
        assert high.total == high.success + high.flat + high.hours
        assert high.left == high.recovered - high.total - high.vat

    @given(offers, amounts)
    def test_by_result_asks_nothing_when_nothing_comes_in(self, offer, minor):
        found = work_out(offer, amount=Money(minor, "EUR"), recovered=Money.zero("EUR"), vat_percent=VAT)
        assert found.success == Money.zero("EUR")

    @given(st.integers(0, 40_000), st.lists(st.integers(1, 600), max_size=8))
    def test_many_small_bookings_cost_what_one_large_one_does(self, hour, bookings):
        charged = used = 0
        for minutes in bookings:
            used += minutes
            net = hours_cost(hour, used) - charged
            assert net >= 0
            charged += net
        assert charged == hours_cost(hour, sum(bookings))

    def test_is_worked_out_with_all_hours_and_vat(self):
        found = work_out(BY_PHASE, amount=CLAIM, recovered=CLAIM, vat_percent=VAT)
        assert (found.success.minor, found.flat.minor, found.hours.minor) == (60_000, 45_000, 90_000)
        assert (found.total.minor, found.vat.minor, found.left.minor) == (195_000, 40_950, 264_050)

    def test_without_the_recommended_part_is_only_the_share(self):
        found = work_out(BY_PHASE.with_parts(()), amount=CLAIM, recovered=CLAIM, vat_percent=VAT)
        assert found.total.minor == 60_000
        with pytest.raises(ValueError, match="not a part"):
            BY_PHASE.with_parts([Phase.execution])

    def test_reads_back_what_it_wrote(self):
        assert Offer.from_json(BY_PHASE.as_json()) == BY_PHASE


def faults(offer, country="NL", amount=CLAIM):
    return [
        one.field
        for one in offer_faults(offer, amounts=[amount], countries={country}, card=DEFAULT_CARD, on=ON)
    ]


class TestWhatItMayAsk:
    def test_a_fee_by_result_is_refused_where_the_law_forbids_it(self):
        legal = an_offer(OfferKind.success, part(Phase.legal, success_bps=1_500))
        assert faults(legal, "NL") == []
        assert faults(legal, "BE") == ["parts.1.success"]
        assert faults(an_offer(OfferKind.flat, part(Phase.legal, flat=50_000)), "BE") == []

    def test_a_bailiffs_official_acts_are_never_done_by_result(self):
        offer = an_offer(
            OfferKind.success, part(Phase.execution, success_bps=1_000), supplier=Supplier.bailiff, name="X"
        )
        assert faults(offer, "NL") == ["parts.1.success"]

    @pytest.mark.parametrize(
        ("offer", "field"),
        [
            (an_offer(OfferKind.success, part()), "parts.1.success"),
            (an_offer(OfferKind.success, part(success_bps=9_999)), "parts.1.success"),
            (an_offer(OfferKind.flat, part(flat=100, success_bps=100)), "parts.1.success"),
            (an_offer(OfferKind.hourly, part(hour=15_000)), "parts.1.hours"),
            (an_offer(OfferKind.phased, part(flat=100)), "parts.2"),
            (an_offer(OfferKind.flat, part(flat=100), part(Phase.legal, flat=100)), "kind"),
            (an_offer(OfferKind.flat, part(flat=100, nature=Nature.recommended)), "parts.1.nature"),
            (an_offer(OfferKind.flat, part(flat=100), minimum=500), "minimum"),
            (an_offer(OfferKind.flat, part(flat=-100)), "parts.1"),
            (an_offer(OfferKind.flat, part(flat=100), supplier=Supplier.lawyer), "name"),
            (an_offer(OfferKind.phased, part(Phase.legal, flat=1), part(flat=1)), "parts.2"),
            (an_offer(OfferKind.flat), "parts.1"),
            (an_offer(OfferKind.flat, part(flat=CLAIM.minor + 1)), "parts.1"),
        ],
    )
    def test_each_rule_names_its_field(self, offer, field):
        assert field in faults(offer)


class TestWhoMaySendIt:
    def review(self, offer, *, roles=("admin",), amount=CLAIM, recovered=300_000):
        claims = [Expected(amount, Money(recovered, "EUR"))]
        return review_offer(offer, claims=claims, roles=roles, card=DEFAULT_CARD, on=ON)

    def test_alone_within_the_limit_of_the_role(self):
        offer = an_offer(OfferKind.success, part(success_bps=1_500))
        assert not self.review(offer, roles=("finance",)).second
        large = Money(3_000_000, "EUR")
        assert self.review(offer, roles=("finance",), amount=large).why == ("size",)
        assert not self.review(offer, roles=("finance", "admin"), amount=large).second
        assert self.review(offer, roles=("collector",)).why == ("size",)

    def test_a_loss_needs_a_second_person_who_may_approve_one(self):
        loss = self.review(an_offer(OfferKind.flat, part(flat=2_000)))
        assert loss.why == ("loss",)
        assert loss.loss == Money(500, "EUR")
        limits = {"why": loss.why, "principal_minor": CLAIM.minor, "on": ON}
        assert not may_be_second(roles=("finance",), **limits)
        assert may_be_second(roles=("admin",), **limits)

    def test_a_share_under_the_cards_lower_limit_does_too(self):
        low = an_offer(OfferKind.success, part(success_bps=DEFAULT_CARD.floor_bps - 1))
        assert "floor" in self.review(low, recovered=CLAIM.minor).why


def test_the_card_fits_badly_by_the_house_rule():
    fits = {
        "amount": CLAIM, "age_days": 100, "country": "NL", "dispute": "none", "claim_type": "sale",
        "card": DEFAULT_CARD, "on": ON,
    }  # fmt: skip
    assert poor_fit(**fits) == ()
    odd = fits | {"age_days": 900, "dispute": "substantiated", "country": "BR", "claim_type": "loan"}
    assert poor_fit(**odd) == ("dispute", "age", "country", "kind")
    assert poor_fit(**fits | {"amount": Money(20_000_000, "EUR")}) == ("size",)


def test_the_house_answers_within_its_days():
    assert offer_policy(ON).answer_days == 2
