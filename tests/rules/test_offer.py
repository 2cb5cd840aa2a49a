"""What an offer costs and what it may ask: never less for more recovered, never above its cap."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agency.money import Money
from agency.rules.facts import Phase
from agency.rules.offer import (
    OFFER_RULE,
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

    @pytest.mark.parametrize(
        ("recovered", "success"), [(0, 0), (4_000, 3_305), (50_000, 7_500), (500_000, 50_000)]
    )
    def test_the_minimum_is_earned_from_what_comes_in_with_its_vat(self, recovered, success):
        offer = an_offer(OfferKind.success, part(success_bps=1_000), minimum=7_500)
        found = work_out(offer, amount=CLAIM, recovered=Money(recovered, "EUR"), vat_percent=VAT)
        assert found.success.minor == success

    def test_an_offer_without_a_part_asks_no_share(self):
        assert an_offer().success_bps == 0

    def test_reads_back_what_it_wrote(self):
        assert Offer.from_json(BY_PHASE.as_json()) == BY_PHASE

    def test_what_is_kept_has_these_names(self):
        """Offers that were kept are replayed from them for years."""
        assert [*OfferKind] == ["success", "flat", "hourly", "hybrid", "phased"]
        assert [*Nature] == ["required", "recommended"]
        assert [*Supplier] == ["agency", "lawyer", "bailiff"]
        assert BY_PHASE.as_json() == {
            "kind": "phased",
            "currency": "EUR",
            "minimum": 0,
            "supplier": "agency",
            "name": "",
            "parts": [
                {"phase": "amicable", "nature": "required", "success_bps": 1_200, "flat": 0, "hour": 0,
                 "minutes_max": 0},
                {"phase": "legal", "nature": "recommended", "success_bps": 0, "flat": 45_000, "hour": 18_000,
                 "minutes_max": 300},
            ],
        }  # fmt: skip
        assert OFFER_RULE == "1"


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
        ("offer", "field", "why"),
        [
            (an_offer(OfferKind.flat), "parts.1", "an offer has a part"),
            (
                an_offer(OfferKind.phased, part(Phase.legal, flat=1), part(flat=1)),
                "parts.2",
                "the phases of an offer stand in their order, each once",
            ),
            (
                an_offer(OfferKind.phased, part(flat=1), part(flat=1)),
                "parts.2",
                "the phases of an offer stand in their order, each once",
            ),
            (
                an_offer(OfferKind.flat, part(flat=100, nature=Nature.recommended)),
                "parts.1.nature",
                "the first part of an offer is required",
            ),
            (
                an_offer(OfferKind.phased, part(flat=100)),
                "parts.2",
                "an offer by phase has at least two",
            ),
            (
                an_offer(OfferKind.flat, part(flat=100), part(Phase.legal, flat=100)),
                "kind",
                "only an offer by phase has several",
            ),
            (
                an_offer(OfferKind.flat, part(flat=100), minimum=500),
                "minimum",
                "a minimum goes with a fee by result",
            ),
            (
                an_offer(OfferKind.success, part(success_bps=1_000), minimum=-1),
                "minimum",
                "a minimum goes with a fee by result",
            ),
            (
                an_offer(OfferKind.flat, part(flat=100), supplier=Supplier.lawyer, name=" "),
                "name",
                "say who does the work",
            ),
            (
                an_offer(OfferKind.phased, part(flat=100), part(Phase.legal)),
                "parts.2.success",
                "every part asks something",
            ),
            (
                an_offer(OfferKind.flat, part(flat=-100)),
                "parts.1",
                "no part of an offer is below zero",
            ),
            (
                an_offer(OfferKind.success, part(success_bps=DEFAULT_CARD.ceiling_bps + 1)),
                "parts.1.success",
                "a share is at most the upper limit of the card",
            ),
            (
                an_offer(OfferKind.hourly, part(hour=15_000)),
                "parts.1.hours",
                "hours have a rate and a highest number",
            ),
            (
                an_offer(OfferKind.flat, part(flat=CLAIM.minor + 1)),
                "parts.1",
                "all parts together never cost more than the claim",
            ),
        ],
    )
    def test_each_rule_names_its_field_and_says_why(self, offer, field, why):
        found = offer_faults(offer, amounts=[CLAIM], countries={"NL"}, card=DEFAULT_CARD, on=ON)
        assert [(one.field, one.sentence) for one in found] == [(field, why)]

    @pytest.mark.parametrize(
        ("kind", "asked", "wrong"),
        [
            (OfferKind.success, {}, {"success"}),
            (OfferKind.success, {"success_bps": 100, "flat": 100}, {"flat"}),
            (OfferKind.success, {"success_bps": 100, "hour": 100, "minutes_max": 60}, {"hour"}),
            (OfferKind.flat, {"flat": 100, "success_bps": 100}, {"success"}),
            (OfferKind.flat, {"flat": 100, "hour": 100, "minutes_max": 60}, {"hour"}),
            (OfferKind.hourly, {"hour": 100, "minutes_max": 60, "success_bps": 100}, {"success"}),
            (OfferKind.hourly, {"hour": 100, "minutes_max": 60, "flat": 100}, {"flat"}),
            (OfferKind.hourly, {"flat": 100}, {"flat", "hour"}),
            (OfferKind.hybrid, {"success_bps": 100}, {"flat"}),
            (OfferKind.hybrid, {"flat": 100}, {"success"}),
            (OfferKind.hybrid, {"success_bps": 100, "flat": 1, "hour": 1, "minutes_max": 60}, {"hour"}),
        ],
    )
    def test_each_kind_asks_what_it_is_called_after_and_nothing_else(self, kind, asked, wrong):
        found = offer_faults(
            an_offer(kind, part(**asked)), amounts=[CLAIM], countries={"NL"}, card=DEFAULT_CARD, on=ON
        )
        assert {one.field for one in found} == {f"parts.1.{name}" for name in wrong}
        assert {one.sentence for one in found} == {"this does not go with the kind of offer"}

    @pytest.mark.parametrize(
        "offer",
        [
            an_offer(OfferKind.success, part(success_bps=DEFAULT_CARD.ceiling_bps)),
            an_offer(OfferKind.flat, part(flat=CLAIM.minor)),
            an_offer(OfferKind.hourly, part(hour=100, minutes_max=60)),
            an_offer(OfferKind.hybrid, part(success_bps=100, flat=100)),
            an_offer(OfferKind.phased, part(flat=100), part(Phase.legal, hour=100, minutes_max=60)),
            an_offer(
                OfferKind.phased, part(flat=1), part(Phase.legal, flat=1), part(Phase.execution, flat=1)
            ),
            an_offer(OfferKind.success, part(success_bps=100), minimum=1),
            an_offer(OfferKind.flat, part(flat=100), supplier=Supplier.lawyer, name="X"),
        ],
    )
    def test_what_reaches_a_limit_may_be_asked(self, offer):
        assert faults(offer) == []


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
        limits = {"principal_minor": CLAIM.minor, "on": ON}
        for why in (("loss",), ("floor",), ("size", "floor")):
            assert not may_be_second(why=why, roles=("finance",), **limits)
            assert may_be_second(why=why, roles=("admin",), **limits)

    def test_the_second_persons_own_limit_counts_to_the_cent(self):
        size = {"why": ("size",), "roles": ("finance",), "on": ON}
        assert may_be_second(principal_minor=10_000_000, **size)
        assert not may_be_second(principal_minor=10_000_001, **size)

    def test_each_claim_costs_its_work(self):
        """Three claims at 25.00 of work and half an hour each at 55.00, for 20.00 a claim."""
        offer = an_offer(OfferKind.phased, part(flat=2_000, minutes_max=30), part(Phase.legal, flat=1))
        claims = [Expected(CLAIM, Money.zero("EUR"))] * 3
        found = review_offer(offer.with_parts(()), claims=claims, roles=("admin",), card=DEFAULT_CARD, on=ON)
        assert found.loss == Money(3 * (2_500 + 2_750 + 18_000) - 3 * 2_001, "EUR")

    def test_what_just_pays_for_its_work_makes_no_loss(self):
        found = self.review(an_offer(OfferKind.flat, part(flat=2_500)))
        assert (found.second, found.why, found.loss) == (False, (), Money.zero("EUR"))
        assert self.review(an_offer(OfferKind.flat, part(flat=2_499))).loss == Money(1, "EUR")

    @pytest.mark.parametrize(("minor", "second"), [(2_500_000, False), (2_500_001, True)])
    def test_the_limit_of_a_role_counts_to_the_cent(self, minor, second):
        offer = an_offer(OfferKind.success, part(success_bps=1_500))
        assert self.review(offer, roles=("finance",), amount=Money(minor, "EUR")).second is second

    def test_a_role_without_a_limit_sends_nothing_alone(self):
        offer = an_offer(OfferKind.flat, part(flat=2_500))
        assert self.review(offer, roles=(), amount=Money(1, "EUR"), recovered=0).why == ("size",)

    @pytest.mark.parametrize(
        ("bps", "flat", "low"),
        [
            (DEFAULT_CARD.floor_bps, 0, False),
            (DEFAULT_CARD.floor_bps - 1, 0, True),
            (1, 0, True),
            (0, 2_500, False),
            (1, 2_500, False),
        ],
    )
    def test_the_lower_limit_of_the_card_is_of_shares_that_stand_alone(self, bps, flat, low):
        offer = an_offer(OfferKind.hybrid, part(success_bps=bps, flat=flat))
        assert ("floor" in self.review(offer, recovered=CLAIM.minor).why) is low

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
    assert poor_fit(**fits | {"amount": Money(10_000_000, "EUR")}) == ("size",)
    assert poor_fit(**fits | {"amount": Money(9_999_999, "EUR"), "age_days": 729}) == ()
    assert poor_fit(**fits | {"age_days": 730}) == ("age",)
    assert poor_fit(**fits | {"amount": Money(1, "USD")}) == ("currency",)


def test_the_house_answers_within_its_days():
    assert offer_policy(ON).answer_days == 2
